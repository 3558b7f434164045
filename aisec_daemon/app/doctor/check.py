"""Checks: one thing that was looked at, and what follows from it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum


class Status(str, Enum):
    """How a thing stands."""

    OK = "ok"
    DEGRADED = "degraded"  # works in part
    MISSING = "missing"
    UNKNOWN = "unknown"  # could not be looked at, or there is nothing to look at


@dataclass(frozen=True)
class Check:
    """What was `found`, what is `lost` by it, and the command that mends it (`remedy`).

    `main` marks the sensors without which the daemon is blind.
    """

    name: str
    status: Status
    found: str
    lost: str = ""
    remedy: str = ""
    main: bool = False


def exit_code(checks: Iterable[Check]) -> int:
    """Return 3 if a main sensor is missing, 1 if anything else is not whole, else 0."""
    broken = [check for check in checks if check.status in {Status.DEGRADED, Status.MISSING}]
    if any(check.main and check.status is Status.MISSING for check in broken):
        return 3
    return 1 if broken else 0
