"""By how much counters rose between two snapshots of one table."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from aisec_daemon.model import Snapshot

GAP_PERIODS = 4.0
"""Periods of a table between two of its snapshots, beyond which a rise is not to be trusted."""

Floats = NDArray[np.float64]


def increase(before: Snapshot | None, now: Snapshot, gap_seconds: float) -> Floats:
    """Return (S, F): each counter's rise since `before`, NaN where there is none to be trusted.

    NaN for columns that are no counters or are carried, subjects that were not there, a counter
    that fell (it wrapped or its source restarted: nobody knows by how much it rose), and when more
    than `gap_seconds` lie between the two.
    """
    table = now.table
    if before is None or not table.counters or not 0 < now.time - before.time <= gap_seconds:
        return np.full_like(now.values, np.nan)
    delta = now.values - lined_up(before, now)
    return np.where(table.rising & (delta >= 0), delta, np.nan)


def per_second(counters: Floats, times: Floats, gap_seconds: float) -> Floats:
    """Return (C, T, S): the rates between T + 1 readings of counters, NaN where `increase` is."""
    steps = np.diff(times)
    steps = np.where((steps > 0) & (steps <= gap_seconds), steps, np.nan)
    risen = np.diff(counters, axis=1)
    return np.where(risen >= 0, risen, np.nan) / steps[:, None]


def lined_up(before: Snapshot | None, now: Snapshot) -> Floats:
    """Return the values of `before` in the order of the subjects of `now`, NaN for new ones."""
    if before is None:
        return np.full_like(now.values, np.nan)
    if before.subjects == now.subjects:
        return before.values
    row_of = {subject: row for row, subject in enumerate(before.subjects)}
    rows = np.array([row_of.get(subject, -1) for subject in now.subjects], dtype=np.intp)
    return np.vstack([before.values, np.full((1, before.values.shape[1]), np.nan)])[rows]
