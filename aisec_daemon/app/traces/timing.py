"""Timing: when the rows of a log were read."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from aisec_daemon.app.traces import stamps

Times = Callable[..., NDArray[np.float64]]


@dataclass(frozen=True)
class Timing:
    """What the user says of a log's times: seconds between polls, and where its times begin.

    `start` is the time of the first poll if rows have none, the midnight before it if they have
    the time of day only, and the zero of times that count from one.
    """

    period: float | None = None
    start: float = 0.0

    def of_query(self, names: Sequence[str]) -> tuple[tuple[int, ...], Times | None]:
        """Return which field of `--query-gpu` is a time and what reads it, if any."""
        for name in ("timestamp", "datetime"):
            if name in names:
                return (names.index(name),), stamps.parse
        if "t_seconds" in names:
            return (names.index("t_seconds"),), self._since_start
        return (), None

    def of_monitor(self, names: Sequence[str]) -> tuple[tuple[int, ...], Times | None]:
        """Return which fields of dmon or pmon are a time (-o D, T) and what reads them, if any.

        A date without a time of day is none.
        """
        if "time" not in names:
            return (), None
        at = (names.index("time"),)
        if "date" in names:
            return (names.index("date"), *at), _date_and_time
        return at, Midnights(self.start)

    def _since_start(self, fields: Sequence[bytes]) -> NDArray[np.float64]:
        return self.start + stamps.seconds(fields)


class Midnights:
    """Times of day of one log, in order: where they fall back by half a day another has begun."""

    def __init__(self, start: float) -> None:
        self._day = start
        self._last = 0.0

    def __call__(self, fields: Sequence[bytes]) -> NDArray[np.float64]:
        """Return a time for each field, NaN for none."""
        times = stamps.time_of_day(fields)
        there = np.isfinite(times)
        read = times[there]
        if len(read):
            fell = np.diff(read, prepend=self._last) < -stamps.DAY / 2
            self._last = float(read[-1])
            times[there] = read + self._day + np.cumsum(fell) * stamps.DAY
            self._day += float(fell.sum()) * stamps.DAY
        return times


class Counted:
    """Times of polls in a log that has none: one period after another."""

    def __init__(self, start: float, period: float) -> None:
        self._next = start
        self._period = period

    def __call__(self, polls: int) -> NDArray[np.float64]:
        """Return the times of the next polls."""
        times = self._next + self._period * np.arange(polls, dtype=np.float64)
        self._next += self._period * polls
        return times


def _date_and_time(dates: Sequence[bytes], times: Sequence[bytes]) -> NDArray[np.float64]:
    return stamps.parse(
        [date.strip() + b" " + time.strip() for date, time in zip(dates, times, strict=True)]
    )
