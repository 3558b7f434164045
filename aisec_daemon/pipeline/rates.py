"""By how much counters rose between two snapshots of one table."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from aisec_daemon.model import Snapshot


def increase(before: Snapshot | None, now: Snapshot, gap_seconds: float) -> NDArray[np.float64]:
    """Return (S, F): each counter's rise since `before`, NaN where there is none to be trusted.

    NaN for columns that are no counters or are carried, subjects that were not there, a counter
    that fell (it wrapped or its source restarted: nobody knows by how much it rose), and when more
    than `gap_seconds` lie between the two.
    """
    table = now.table
    if before is None or not table.counters or not 0 < now.time - before.time <= gap_seconds:
        return np.full_like(now.values, np.nan)
    if before.subjects == now.subjects:
        earlier = before.values
    else:
        row_of = {subject: row for row, subject in enumerate(before.subjects)}
        rows = np.array([row_of.get(subject, -1) for subject in now.subjects], dtype=np.intp)
        earlier = np.vstack([before.values, np.full((1, len(table.columns)), np.nan)])[rows]
    delta = now.values - earlier
    return np.where(table.rising & (delta >= 0), delta, np.nan)
