"""What a check of posture is, and what it can answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import TypeAlias

from aisec_daemon.model import Severity

Row: TypeAlias = Mapping[str, str | float | None]
"""One row of table `posture`: labels and columns by name; None and NaN are unread."""

CONTAINER, SERVICE, PROCESS, NODE = "container", "service", "process", "node"
KINDS = (CONTAINER, SERVICE, PROCESS, NODE)
BASELINE, RESTRICTED = "baseline", "restricted"


class Outcome(str, Enum):
    """What a check answers; what could not be read is unknown, never a pass."""

    PASS = "pass"  # noqa: S105 - no password
    FAIL = "fail"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Check:
    """One question to a row of table `posture`.

    `title` says what is so of who passes, `says` what the reason says of a failure, with words of
    the row in braces. `passes` answers None where it cannot tell. `kinds` are the rows it is asked
    of, `policy` the mildest policy that asks it (empty: only a site's own), `weight` how much of
    the line a failure is: 1 is told alone. `ids` name the same question elsewhere; the last three
    are remedies, one line each.
    """

    name: str
    title: str
    says: str
    passes: Callable[[Row], bool | None]
    kinds: tuple[str, ...]
    policy: str
    weight: float
    severity: Severity
    ids: tuple[str, ...] = ()
    docker: str = ""
    kubernetes: str = ""
    systemd: str = ""

    def ask(self, row: Row) -> Outcome:
        """Answer for one row."""
        passes = self.passes(row)
        if passes is None:
            return Outcome.UNKNOWN
        return Outcome.PASS if passes else Outcome.FAIL

    def phrase(self, row: Row) -> str:
        """Say what is wrong with a row that fails."""
        return self.says.format_map(_Said(row))


class _Said(dict[str, str | float | None]):
    """Words of a row for a sentence."""

    def __getitem__(self, name: str) -> str:
        value = self.get(name)
        if isinstance(value, float):
            return f"{value:g}"
        return (value or "unknown").replace(" ", ", ")
