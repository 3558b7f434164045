"""Credentials in /proc/PID/status, see proc_pid_status(5)."""

from __future__ import annotations

import re
from typing import NamedTuple

# The name comes first and its newlines are escaped: whatever begins a line is the kernel's.
_UIDS = re.compile(rb"^Uid:\t(\d+)\t(\d+)\t(\d+)\t(\d+)$", re.MULTILINE)
_CAPABILITIES = {
    name: re.compile(rb"^Cap%s:\t([0-9a-f]{1,16})$" % word, re.MULTILINE)
    for name, word in (("effective", b"Eff"), ("permitted", b"Prm"), ("bounding", b"Bnd"))
}
_NO_NEW_PRIVILEGES = re.compile(rb"^NoNewPrivs:\t([01])$", re.MULTILINE)
_SECCOMP = re.compile(rb"^Seccomp:\t([012])$", re.MULTILINE)
_SECCOMP_MODES = ("off", "strict", "filter")  # SECCOMP_MODE_* of include/uapi/linux/seccomp.h


class Status(NamedTuple):
    """What a process may do; None is what the kernel did not tell.

    `uids` are the real, effective, saved and file system's, as our own user namespace numbers them.
    Capabilities are sets of bits, `seccomp` is off, strict or filter.
    """

    uids: tuple[int, ...] | None
    effective: int | None
    permitted: int | None
    bounding: int | None
    no_new_privileges: bool | None
    seccomp: str | None

    @property
    def power(self) -> tuple[int, int, int, int]:
        """How much it may do, for a comparison: the larger, the more."""
        capabilities = (self.effective or 0) | (self.permitted or 0)
        return (
            int(self.uids is not None and 0 in self.uids),
            capabilities.bit_count(),
            int(self.no_new_privileges is False),
            int(self.seccomp == "off"),
        )


def parse_status(text: bytes) -> Status:
    """Find the credentials; what is missing is None."""
    uids = _UIDS.search(text)
    bits = {name: pattern.search(text) for name, pattern in _CAPABILITIES.items()}
    sets = {name: None if found is None else int(found[1], 16) for name, found in bits.items()}
    no_new = _NO_NEW_PRIVILEGES.search(text)
    seccomp = _SECCOMP.search(text)
    return Status(
        uids=None if uids is None else tuple(map(int, uids.groups())),
        no_new_privileges=None if no_new is None else no_new[1] == b"1",
        seccomp=None if seccomp is None else _SECCOMP_MODES[int(seccomp[1])],
        **sets,
    )
