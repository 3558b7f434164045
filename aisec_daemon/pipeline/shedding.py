"""Shedding: what is read more rarely while the daemon costs too much or cannot keep up.

Tables are shed group by group, what matters least first; each step doubles the periods of one
group, twice. A step back needs room for a while, and longer each time it did not last.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

FACTORS = (2, 4)
"""By how much the periods of a group are stretched, step by step."""

WINDOW_SECONDS = 60.0  # over which CPU is held against the budget: one scan is not a load
_LASTING_SECONDS = 10.0  # for how long it must be late: a burst is not a load either
_STEP_SECONDS = 15.0  # between two steps: the last one must have had its effect
_CALM_SECONDS = 60.0  # for how long there must be room before a step back, at first
_CALMEST_SECONDS = 3600.0
_RELAPSE_SECONDS = 600.0  # a step back that lasted no longer than this was wrong
_BEHIND_SECONDS = 5.0
_LATE_SECONDS = 1.0
_SLOW = 0.5  # of its period that a sampler computes: with another like it there is no room
_ROOM = 0.7  # of each of these there must be left, so that a step back is not undone at once


@dataclass(frozen=True)
class Pressure:
    """What presses on the daemon, as of one look.

    `behind_seconds`: for how long the pipeline has not come to the end of its queue.
    `dropped_readings`: how many found no place in the queue since the last look.
    `late_seconds`: how late a turn began that had nothing to wait for but a processor.
    `slow_ratio`: CPU of the worst sampler's turn as a share of its period; waiting is not in it,
    so that a file that hangs sheds nothing.
    `cpu_seconds` are those spent so far, by all of the daemon; `cpu_budget_ratio` is what it may
    spend of a core.
    """

    behind_seconds: float = 0.0
    dropped_readings: int = 0
    late_seconds: float = 0.0
    slow_ratio: float = 0.0
    cpu_seconds: float = 0.0
    cpu_budget_ratio: float = 1.0


class Shedding:
    """Decides how often each table is read; told of the pressure every few seconds.

    `groups` are names of tables, what matters least first; a table that is in none is never shed.
    `step` is how many steps are taken of `steps`; `why` says what pressed at the last step down.
    """

    def __init__(self, groups: Sequence[Sequence[str]]) -> None:
        self.groups = tuple(tuple(group) for group in groups)
        self.steps = len(self.groups) * len(FACTORS)
        self.step = 0
        self.why = ""
        self._factors: dict[str, int] = {}
        self._begun: float | None = None
        self._spent: deque[tuple[float, float]] = deque()
        self._pressed_since: float | None = None
        self._calm_since: float | None = None
        self._changed = self._eased = float("-inf")
        self._patience = _CALM_SECONDS

    def factor(self, table: str) -> int:
        """Return by how much a table's period is stretched: 1, 2 or 4. Any thread may ask."""
        return self._factors.get(table, 1)

    @property
    def words(self) -> str:
        """What is shed: `process_view x4 program x2`; empty for nothing."""
        return " ".join(f"{table} x{factor}" for table, factor in self._factors.items())

    def look(self, time: float, pressure: Pressure) -> bool:
        """Take the pressure as of `time`; return whether that led to a step."""
        share = self._share(time, pressure)
        late, over = _lateness(pressure), share >= 1
        self._pressed_since = self._since(self._pressed_since, time, holds=bool(late))
        self._calm_since = self._since(self._calm_since, time, holds=_roomy(pressure, share))
        if time - self._changed < _STEP_SECONDS:
            return False
        lasts = self._pressed_since is not None and time - self._pressed_since >= _LASTING_SECONDS
        if lasts or over or pressure.dropped_readings:
            return self._shed(time, late or f"it used {share:.1f} times its CPU budget")
        if self._calm_since is not None and time - self._calm_since >= self._patience:
            return self._ease(time)
        return False

    @staticmethod
    def _since(since: float | None, time: float, *, holds: bool) -> float | None:
        if not holds:
            return None
        return time if since is None else since

    def _share(self, time: float, pressure: Pressure) -> float:
        """Return the CPU of the last minute as a share of the budget; NaN before a whole one.

        The first minute does not count: it meets every process, which it never does again.
        """
        if self._begun is None:
            self._begun = time
        if time - self._begun < WINDOW_SECONDS:
            self._spent.clear()
        self._spent.append((time, pressure.cpu_seconds))
        while len(self._spent) > 1 and self._spent[1][0] <= time - WINDOW_SECONDS:
            self._spent.popleft()
        begun, spent = self._spent[0]
        if time - begun < WINDOW_SECONDS:
            return float("nan")
        return (pressure.cpu_seconds - spent) / (time - begun) / pressure.cpu_budget_ratio

    def _shed(self, time: float, why: str) -> bool:
        """Stretch one more period, if there is one left."""
        self.why = why
        if self.step == self.steps:
            return False
        if time - self._eased < _RELAPSE_SECONDS:
            self._patience = min(2 * self._patience, _CALMEST_SECONDS)
            self._eased = float("-inf")  # once for each step back
        return self._go(self.step + 1, time)

    def _ease(self, time: float) -> bool:
        """Go one step back; after an hour without a step, forget earlier relapses."""
        if self.step == 0:
            if time - self._changed >= _CALMEST_SECONDS:
                self._patience = _CALM_SECONDS
            return False
        self._eased = time
        self._go(self.step - 1, time)
        if self.step == 0:
            self.why = ""
        return True

    def _go(self, step: int, time: float) -> bool:
        self.step, self._changed = step, time
        self._pressed_since = self._calm_since = None
        last = self._spent[-1]
        self._spent.clear()  # what was spent before says nothing of this step
        self._spent.append(last)
        whole, begun = divmod(step, len(FACTORS))
        self._factors = {
            table: FACTORS[-1] if at < whole else FACTORS[begun - 1]
            for at, group in enumerate(self.groups[: whole + (begun > 0)])
            for table in group
        }
        return True


def _lateness(pressure: Pressure) -> str:
    """Say in what way the daemon is late; empty if it is not."""
    if pressure.dropped_readings:
        return f"the pipeline dropped {pressure.dropped_readings} readings"
    if pressure.behind_seconds >= _BEHIND_SECONDS:
        return f"the pipeline is {pressure.behind_seconds:.0f} s behind"
    if pressure.late_seconds >= _LATE_SECONDS:
        return f"turns begin {pressure.late_seconds:.1f} s late for want of a processor"
    if pressure.slow_ratio >= _SLOW:
        return f"a sampler computes for {100 * pressure.slow_ratio:.0f} % of its period"
    return ""


def _roomy(pressure: Pressure, share: float) -> bool:
    """Whether there is so much room that a step back may hold."""
    return (
        share < _ROOM
        and not pressure.dropped_readings
        and pressure.behind_seconds < _ROOM * _BEHIND_SECONDS
        and pressure.late_seconds < _ROOM * _LATE_SECONDS
        and 2 * pressure.slow_ratio < _ROOM * _SLOW  # a step back doubles it
    )
