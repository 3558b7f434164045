"""Protection: what the web configuration file asks of clients, as the file stands now."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from aisec_daemon.app.web.refused import WebConfigError

if TYPE_CHECKING:
    import ssl

    from aisec_daemon.app.web.config import WebConfig
    from aisec_daemon.app.web.passwords import Passwords

_Stamp = tuple[object, ...]


@dataclass(frozen=True)
class Protection:
    """What one version of the file comes to; without a file, nothing is asked."""

    context: ssl.SSLContext | None = None
    allowed_sans: frozenset[str] = frozenset()
    passwords: Passwords | None = None
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def authenticates(self) -> bool:
        """Whether a client must say who it is."""
        verified = self.context is not None and self.context.verify_mode.name == "CERT_REQUIRED"
        return verified or self.passwords is not None


class ProtectionFile:
    """Follows the file and the certificates it names, so that they can be rotated.

    A new version that cannot be used is told to `warn` once, and the last good one stays.
    """

    def __init__(self, path: Path | None, warn: Callable[[str], None]) -> None:
        self._path = path
        self._warn = warn
        self._lock = Lock()
        self._files: tuple[Path, ...] = ()
        self._stamp: _Stamp = ()
        self._current = Protection()
        if path is not None:
            self._current = self._read(path)

    def current(self) -> Protection:
        """Return what holds now; reads the files again if they have changed."""
        if self._path is None:
            return self._current
        with self._lock:
            stamp = self._look()
            if stamp != self._stamp:
                self._stamp = stamp
                try:
                    self._current = self._read(self._path)
                except WebConfigError as error:
                    self._warn(f"{error}; the web server goes on with what it had")
            return self._current

    def _read(self, path: Path) -> Protection:
        from aisec_daemon.app.web.config import load  # noqa: PLC0415 # most have no file
        from aisec_daemon.app.web.tls import make_context  # noqa: PLC0415

        before = _stamp(path)
        config = load(path)
        tls = config.tls_server_config
        named = (tls.cert_file, tls.key_file, tls.client_ca_file)
        self._files = (path, *(file for file in named if file is not None))
        self._stamp = (before, *self._look()[1:])
        context = make_context(tls, self._warn) if tls.enabled else None
        for warning in config.warnings:
            self._warn(f"{path}: {warning}")
        return _assemble(config, context)

    def _look(self) -> _Stamp:
        """Return what changes when a file does."""
        return tuple(_stamp(file) for file in self._files)


def _assemble(config: WebConfig, context: ssl.SSLContext | None) -> Protection:
    from aisec_daemon.app.web.passwords import Passwords  # noqa: PLC0415 # as above

    users = config.basic_auth_users
    return Protection(
        context,
        frozenset(config.tls_server_config.client_allowed_sans),
        Passwords(users) if users else None,
        config.headers,
    )


def _stamp(file: Path) -> tuple[int, int, int] | None:
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino
