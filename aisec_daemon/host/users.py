"""Names of users, from the passwd(5) of the host that is watched."""

from __future__ import annotations

import os
from errno import errorcode
from pathlib import Path

from aisec_daemon.host.redaction.redact import redact_name
from aisec_daemon.host.tally import Call, Tally


def parse_passwd(text: bytes) -> dict[int, str]:
    """Return the first name of each user id; lines that are not a user's are passed over."""
    names: dict[int, str] = {}
    for line in text.split(b"\n"):
        fields = line.split(b":")
        if len(fields) == 7 and fields[2].isdigit():  # noqa: PLR2004 - the seven of passwd(5)
            names.setdefault(int(fields[2]), redact_name(fields[0]))
    return names


class Users:
    """User names by id, from `root`/etc/passwd alone.

    The name service of this process would be that of another host, or container; users it would
    have found elsewhere (LDAP) are told as numbers.
    """

    def __init__(self, root: Path, tally: Tally) -> None:
        self._path = root / "etc" / "passwd"
        self._tally = tally
        self._version: tuple[int, int, int] | None = None
        self._names: dict[int, str] = {}

    def refresh(self) -> None:
        """Read the file if it is not the one that was read last; call it once a scan."""
        try:
            status = os.stat(self._path)  # noqa: PTH116 - half the cost of Path.stat, every scan
            version = (status.st_ino, status.st_mtime_ns, status.st_size)
            if version != self._version:
                self._names = parse_passwd(self._path.read_bytes())
                self._version = version
        except OSError as error:
            self._tally.add(Call("users", "passwd", errorcode.get(error.errno or 0, "EIO")))

    def name(self, uid: int) -> str:
        """Return the user's name, or the number as text if nobody bears it."""
        if self._version is None:
            self.refresh()
        return self._names.get(uid) or str(uid)
