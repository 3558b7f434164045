"""Processes on which the views disagree, from one turn to the next."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

_SUSPECTS_MAX = 1024


@dataclass(frozen=True)
class Suspect:
    """A process that some views know and others do not.

    `start_ticks` is -1 where /proc does not tell it. `cover` is a mount that lies over its folder,
    `group` its control group, where one of them told of it. The same was seen in `runs` turns one
    after the other, for `seconds`.
    """

    pid: int
    start_ticks: int
    known_by: tuple[str, ...]
    missing_from: tuple[str, ...]
    cover: str = ""
    group: str = ""
    runs: int = 1
    seconds: float = 0.0

    @property
    def subject(self) -> str:
        """The process as rows name it."""
        return f"{self.pid}:{self.start_ticks if self.start_ticks >= 0 else '?'}"


class Memory:
    """What was seen the last turn; whoever was not seen again is forgotten."""

    def __init__(self) -> None:
        self._last: dict[str, tuple[Suspect, float]] = {}  # and when it was first seen

    @property
    def pids(self) -> frozenset[int]:
        """Pids of the last turn's suspects."""
        return frozenset(suspect.pid for suspect, _ in self._last.values())

    def take(self, suspects: Iterable[Suspect], now: float) -> tuple[Suspect, ...]:
        """Note this turn's suspects; return them with how long they have been some."""
        before, self._last = self._last, {}
        for suspect in suspects:
            if len(self._last) >= _SUSPECTS_MAX:
                break
            last, since = before.get(suspect.subject, (None, now))
            runs = last.runs + 1 if last else 1
            aged = replace(suspect, runs=runs, seconds=now - since)
            self._last[suspect.subject] = (aged, since)
        return tuple(suspect for suspect, _ in self._last.values())
