"""What was promised and what was seen: openings, the time they were counted over, blocks."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from aisec_daemon.detectors.drift import budget
from aisec_daemon.detectors.drift.ledger import Ledger
from aisec_daemon.detectors.drift.pool import Pool
from aisec_daemon.model import State

TOTALS = "totals"
_OPENED, _GPU_WEEKS, _GPU_SECONDS, _LAST_DAY, _LAST_SECOND, _BEGUN_DAY, _BEGUN_SECOND = range(7)
_LONGEST_STEP = 60.0  # seconds between readings that still count as watching
_DAY = 86_400.0


def age(ledger: Ledger, time: float) -> float:
    """Return for how many seconds there has been any memory."""
    row = ledger.plain(TOTALS)
    if row[_BEGUN_DAY] == 0:
        row[_BEGUN_DAY], row[_BEGUN_SECOND] = time // _DAY, time % _DAY
    return time - float(row[_BEGUN_DAY]) * _DAY - float(row[_BEGUN_SECOND])


def count(ledger: Ledger, opened: int, time: float, gpus: int) -> None:
    """Count what opened now, and the time over which it could, on so many GPUs that are judged."""
    row = ledger.plain(TOTALS)
    last = float(row[_LAST_DAY]) * _DAY + float(row[_LAST_SECOND])
    if last and 0 < time - last <= _LONGEST_STEP:
        watched = float(row[_GPU_SECONDS]) + gpus * (time - last)
        weeks, row[_GPU_SECONDS] = divmod(watched, budget.WEEK_SECONDS)
        row[_GPU_WEEKS] += np.float32(weeks)  # float32 cannot count the seconds of years
    row[_OPENED] += np.float32(opened)
    row[_LAST_DAY], row[_LAST_SECOND] = time // _DAY, time % _DAY


def gauges(state: State, target: float) -> Iterator[tuple[str, str, float]]:
    """Yield name, help and value of each number for the metrics page."""
    rows = dict(zip(state.keys, state.values, strict=True))
    row = rows.get(TOTALS, np.zeros(_BEGUN_SECOND + 1))
    watched = float(row[_GPU_WEEKS]) + float(row[_GPU_SECONDS]) / budget.WEEK_SECONDS
    yield (
        "aisec_drift_target_false_alarms_per_gpu_week",
        "False alarms of drift that the operator accepts.",
        target,
    )
    yield (
        "aisec_drift_openings_per_gpu_week",
        "Openings of drift, right and false ones: an upper bound of the false ones.",
        float(row[_OPENED]) / watched if watched > 0 else np.nan,
    )
    yield (
        "aisec_drift_watched_gpu_seconds",
        "Time over which openings were counted, summed over GPUs.",
        watched * budget.WEEK_SECONDS,
    )
    yield (
        "aisec_drift_calibration_blocks",
        "Blocks of 300 s of single series that the thresholds come from, the fleet's too.",
        sum(Pool(row).blocks for key, row in rows.items() if budget.is_pool(key)),
    )
