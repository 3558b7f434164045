"""Who a user is inside and outside of a user namespace: /proc/PID/uid_map, user_namespaces(7)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

_LINES = 340  # that the kernel takes at most


class Range(NamedTuple):
    """`users` many, from `inside` in the namespace on and from `outside` in ours on."""

    inside: int
    outside: int
    users: int


def parse_uid_map(text: bytes) -> list[Range]:
    """Parse it; ValueError if a line is none of three numbers. Before it is set it is empty."""
    return [Range(*_three(line.split())) for line in text.splitlines()[:_LINES]]


def root(uids: Sequence[int] | None, ranges: Sequence[Range] | None) -> str | None:
    """Say whether one of these users is root: "host", "namespace" (only inside of his own), "".

    None if that cannot be told. `uids` are numbers of our own namespace: that is how
    /proc/PID/status shows them to us.
    """
    if uids is None:
        return None
    if 0 in uids:
        return "host"
    if ranges is None:
        return None
    return "namespace" if any(_inside(uid, ranges) == 0 for uid in uids) else ""


def _inside(uid: int, ranges: Sequence[Range]) -> int | None:
    found = (r.inside + uid - r.outside for r in ranges if 0 <= uid - r.outside < r.users)
    return next(found, None)


def _three(fields: list[bytes]) -> tuple[int, int, int]:
    try:
        inside, outside, users = map(int, fields)
    except ValueError:
        raise ValueError("a line of uid_map is not three numbers") from None
    return inside, outside, users
