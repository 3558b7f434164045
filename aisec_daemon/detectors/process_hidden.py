"""Process hidden: one view of the processes knows a process that another does not show."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar, NamedTuple

import numpy as np

from aisec_daemon.model import Read, Rule, Severity, Snapshot, State, StateShape, Verdict, View

_READINGS = 2.0  # that must agree: whoever has just begun or ended is in one alone
_SURE = 2.0
_VIEWS = {
    "listing": "libc's listing of /proc",
    "raw_listing": "the kernel's listing of /proc",
    "proc": "a direct look at /proc",
    "kernel": "the kernel's answer for its pid",
    "cgroup": "its control group",
    "connector": "the process connector",
    "nvml": "NVML",
}
_FACTS = ("pid", "known_by", "missing_from", "cover", "gpus")


class _Row(NamedTuple):
    """One line of the verdict."""

    subject: str
    score: float
    severity: Severity
    key: str
    reason: str
    facts: tuple[str, ...]


@dataclass(frozen=True)
class ProcessHidden:
    """Processes that views disagree on, and libraries that answer in libc's place."""

    rule: ClassVar[Rule] = Rule(
        "process_hidden",
        title="A process is hidden",
        severity=Severity.CRITICAL,
        technique="T1014",
        benign="A library preloaded on purpose (a memory allocator, a logger of commands); a "
        "driver that keeps listing a process after its end.",
        hold=0.0,
        quiet=60.0,
    )
    memory: ClassVar[StateShape | None] = None
    peers: ClassVar[bool] = False

    driver_after: Annotated[
        float, "seconds for which the driver alone must know a process before it is told"
    ] = 60.0

    def __post_init__(self) -> None:
        if self.driver_after <= 0:
            raise ValueError("driver_after must be more than 0 seconds")

    @property
    def reads(self) -> tuple[Read, ...]:
        """Every comparison of the views calls it."""
        return (Read("process_view"),)

    def __call__(self, state: State, *views: View | None) -> tuple[State, Verdict]:
        """Judge processes and libraries; what a view itself lacks is for `blind`."""
        (given,) = views
        if given is None:
            return state, Verdict((), np.empty(0))
        now = given.latest
        rows = []
        for row, view in enumerate(now.labels["view"]):
            words = {name: column[row] or "" for name, column in now.labels.items()}
            if view == "suspect":
                rows.append(self._suspect(now, row, words))
            elif view == "library":
                rows.append(_library(now.subjects[row], words))
        return state, Verdict(
            tuple(row.subject for row in rows),
            np.array([row.score for row in rows], dtype=np.float64),
            {name: tuple(row.facts[at] for row in rows) for at, name in enumerate(_FACTS)},
            tuple(row.reason for row in rows),
            tuple(row.key for row in rows),
            tuple(row.severity for row in rows),
        )

    def _suspect(self, now: Snapshot, row: int, words: dict[str, str]) -> _Row:
        """Judge one process; the driver's word alone weighs less, and later."""
        runs = float(now["lasting_runs"][row])
        driver_alone = words["known_by"] == "nvml"
        score = _SURE
        if runs < _READINGS:
            score = runs / _READINGS
        elif driver_alone:
            score = float(now["lasting_seconds"][row]) / self.driver_after
        return _Row(
            now.subjects[row],
            score,
            Severity.HIGH if driver_alone else Severity.CRITICAL,
            _key(words),
            _reason(words),
            tuple(words[name] for name in _FACTS),
        )


def _library(subject: str, words: dict[str, str]) -> _Row:
    """Judge a library that was put before libc: what it hides from us cannot be seen here."""
    calls = words["calls"]
    about = (
        f"answers {', '.join(calls.split())} of this daemon in libc's place: what it leaves out of "
        "them is not seen"
        if calls
        else "is preloaded, so it can hide files and processes from the programs that load it"
    )
    severity = Severity.HIGH if calls else Severity.WARNING
    reason = f"library {words['executable'] or subject} {about}"
    return _Row(subject, 1.0, severity, subject, reason, ("",) * len(_FACTS))


def _key(words: dict[str, str]) -> str:
    """Return the case's key: the program, its user and container; else where it was met."""
    program = words["executable"] or words["name"]
    if program:
        return f"{program} {words['user']} {words['container']}".rstrip()
    place = words["gpus"] or words["container"] or words["unit"]
    return f"unseen {place}".rstrip()


def _reason(words: dict[str, str]) -> str:
    """Say which process it is, who knows it and who does not."""
    program = words["executable"] or words["name"]
    who = [program, words["user"] and f"user {words['user']}"]
    who.append(words["container"] and f"container {words['container'][:12]}")
    known = ", ".join(part for part in who if part)
    reason = f"process {words['pid']}" + (f" ({known})" if known else "")
    reason += f" on {words['gpus'].replace(' ', ', ')}" if words["gpus"] else ""
    reason += f" is known to {_list(words['known_by'])}"
    if words["missing_from"]:
        reason += f" but not to {_list(words['missing_from'])}"
    if words["cover"]:
        reason += f"; something is mounted over it: {words['cover']}"
    if words["missing_from"] == "listing":
        reason += "; a library in this daemon leaves it out"
    return reason


def _list(views: str) -> str:
    return ", ".join(_VIEWS.get(name, name) for name in views.split())
