"""Process hidden: one view of the processes knows a process that another does not show."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Annotated, ClassVar, NamedTuple

import numpy as np

from aisec_daemon.model import Read, Rule, Severity, Snapshot, State, StateShape, Verdict, View

_READINGS = 2.0  # that must agree: whoever has just begun or ended is in one alone
_SURE = 2.0
_STARTS = 3.0  # readings in which one after the other of the same program is hidden and alive
_PAUSE_SECONDS = 60.0  # between such readings
_ROWS = 1024
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
    """Processes that views disagree on, and libraries that answer in libc's place.

    One that starts anew between readings is remembered by what it is, not by its pid.
    """

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
    memory: ClassVar[StateShape | None] = StateShape(
        version=1, fields=("readings", "seen_timestamp_seconds"), rows=_ROWS
    )
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
        every = [
            {name: column[row] or "" for name, column in now.labels.items()}
            for row in range(len(now.subjects))
        ]
        state = _count(state, {_key(w) for w in every if _alive(w)}, given.time)
        readings = dict(zip(state.keys, state.values[:, 0].tolist(), strict=True))
        rows = []
        for row, words in enumerate(every):
            if words["view"] == "suspect":
                rows.append(self._suspect(now, row, words, readings))
            elif words["view"] == "library":
                rows.append(_library(now.subjects[row], words))
        return state, Verdict(
            tuple(row.subject for row in rows),
            np.array([row.score for row in rows], dtype=np.float64),
            {name: tuple(row.facts[at] for row in rows) for at, name in enumerate(_FACTS)},
            tuple(row.reason for row in rows),
            tuple(row.key for row in rows),
            tuple(row.severity for row in rows),
        )

    def _suspect(
        self, now: Snapshot, row: int, words: dict[str, str], readings: Mapping[str, float]
    ) -> _Row:
        """Judge one process; the driver's word alone weighs less, and later."""
        runs = float(now["lasting_runs"][row])
        driver_alone = words["known_by"] == "nvml"
        score = _SURE
        key = _key(words)
        if runs < _READINGS:
            again = readings[key] / _STARTS if _alive(words) else 0.0
            score = float(np.fmax(np.fmin(runs / _READINGS, 0.9), again))
        elif driver_alone:
            score = float(now["lasting_seconds"][row]) / self.driver_after
        return _Row(
            now.subjects[row],
            score,
            Severity.HIGH if driver_alone else Severity.CRITICAL,
            key,
            _reason(words),
            tuple(words[name] for name in _FACTS),
        )


def _alive(words: Mapping[str, str]) -> bool:
    """Tell whether the kernel, or /proc where it was not asked, answers for a hidden process.

    A control group or the driver alone may be late: it may have ended.
    """
    known, missing = words["known_by"].split(), words["missing_from"].split()
    answers = "kernel" in known or ("proc" in known and "kernel" not in missing)
    return words["view"] == "suspect" and answers


def _count(state: State, keys: Collection[str], time: float) -> State:
    """Count readings in which something of a key was hidden and alive, without a long pause."""
    known = dict(zip(state.keys, state.values.tolist(), strict=True))
    counts = {k: v for k, v in known.items() if time - v[1] < _PAUSE_SECONDS}
    for key in sorted(keys):
        before = counts.get(key, [0.0, time])
        counts[key] = [min(before[0] + 1.0, _STARTS), time]
    kept = sorted(counts, key=lambda key: (-counts[key][1], key))[:_ROWS]
    return State(tuple(kept), np.array([counts[key] for key in kept]).reshape(len(kept), 2))


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


def _key(words: Mapping[str, str]) -> str:
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
