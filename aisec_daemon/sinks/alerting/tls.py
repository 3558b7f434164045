"""TLS towards an Alertmanager: whom to trust, and who we are."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Tls:
    """Files and a name; those that are empty are the system's, or none.

    `server_name` is expected in the certificate in place of the host's name.
    """

    ca_file: str = ""
    certificate_file: str = ""
    key_file: str = ""
    server_name: str = ""

    def __post_init__(self) -> None:
        if self.key_file and not self.certificate_file:
            raise ValueError("key_file needs certificate_file")

    def context(self) -> ssl.SSLContext:
        """Return what to connect with; OSError (an ssl.SSLError is one) if a file is of no use."""
        context = ssl.create_default_context(cafile=self.ca_file or None)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        if self.certificate_file:
            # an empty password: never asks a terminal for that of an encrypted key
            context.load_cert_chain(self.certificate_file, self.key_file or None, password="")
        return context

    def fingerprint(self) -> tuple[object, ...]:
        """Return something that changes when a file does."""
        files = (self.ca_file, self.certificate_file, self.key_file)
        return tuple(_stamp(file) for file in files if file)


class Contexts:
    """Makes a context when its files have changed, and not else."""

    def __init__(self, tls: Tls) -> None:
        self._tls = tls
        self._made: tuple[tuple[object, ...], ssl.SSLContext] | None = None

    def current(self) -> ssl.SSLContext:
        """Return a context for the files as they are now; OSError if they are of no use."""
        stamps = self._tls.fingerprint()
        if self._made is None or self._made[0] != stamps:
            self._made = (stamps, self._tls.context())
        return self._made[1]


def _stamp(file: str) -> tuple[int, int, int]:
    status = Path(file).stat()
    return status.st_mtime_ns, status.st_ino, status.st_size
