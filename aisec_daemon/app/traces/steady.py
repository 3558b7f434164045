"""Steady: times that rise, whatever the clock did while the log was written."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from aisec_daemon.app.traces.faults import Faults


class Steady:
    """Mends the times of one table's snapshots, in the order in which they were taken.

    A time that does not rise is replaced by the last one plus the usual period, and counted. Where
    the clock stepped back by more than a period what follows is moved along with it; a stamp that
    merely repeats (logs with whole seconds do that) is made up for at the next gap.
    """

    def __init__(self, faults: Faults, period: float | None = None) -> None:
        self._faults = faults
        self._period = period
        self._last = -math.inf
        self._step = 0.0  # by how much the clock was set back
        self._lead = 0.0  # by how much repeated stamps have put us ahead

    def mend(self, times: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return times that rise strictly, beyond those of all calls before."""
        if self._period is None and len(times) > 1:
            self._period = usual(times)
        moved = times + (self._step + self._lead)
        if not self._lead and len(times) and moved[0] > self._last and (np.diff(moved) > 0).all():
            self._last = float(moved[-1])
            return moved
        return np.array([self.next(time) for time in times.tolist()])

    def next(self, time: float) -> float:
        """Return one time, mended."""
        period = self._period or 1.0
        now = time + self._step + self._lead
        if now <= self._last:
            self._faults.jumps += 1
            behind = self._last - now
            if behind > period:
                self._step += behind + period
            else:
                self._lead += behind + period
            now = self._last + period
        elif self._lead and now - self._last > period:
            given_back = min(self._lead, now - self._last - period)
            self._lead -= given_back
            now -= given_back
        if now <= self._last:  # the period is nothing beside the time
            now = math.nextafter(self._last, math.inf)
        self._last = now
        return now


def usual(times: NDArray[np.float64]) -> float:
    """Return the typical seconds between times: the median of the steps forward, 1 if none."""
    steps = np.diff(times)
    forward = steps[steps > 0]
    return float(np.median(forward)) if len(forward) else 1.0
