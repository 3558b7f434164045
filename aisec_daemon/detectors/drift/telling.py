"""What an operator is told: what changed, before and after, since when, and at which budget."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timezone
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from aisec_daemon.numerics import profile, rhythm

Floats = NDArray[np.float32]

_LONGEST = 80
_WAYS = {
    "novelty": "has values that it never had",
    "shift": "has left its level",
    "distance": "has another distribution than before",
}


class Change(NamedTuple):
    """One series past the line: its memory (WIDTH, 1), which score said so, and since when."""

    kind: str
    value: float
    score: str
    memory: Floats
    since: float
    gpus: int
    budget: float
    provisional: bool


def reason(change: Change, words: Mapping[str, str]) -> str:
    """Return the sentence."""
    metric = change.kind.replace("_", " ")
    law = profile.law(change.memory)[:, 0]
    since = datetime.fromtimestamp(change.since, timezone.utc).strftime("%Y-%m-%d %H:%M:%S UTC")
    before = (
        f"before, it was {_number(law[0])} to {_number(law[-1])}, mostly {_number(law[3])} to "
        f"{_number(law[-4])}, median {_number(float(np.median(law)))}"
        if not np.isnan(law).any()
        else "before, less than a minute of it was seen"
    )
    base = "provisional thresholds" if change.provisional else "calibrated thresholds"
    return (
        f"{metric} of {owner(words)} {_WAYS[change.score]}: now {_number(change.value)}"
        f"{_lately(change.memory)}; {before}; since {since}; "
        f"{change.budget:g} false alarms per GPU-week are accepted ({base})"
    )


def owner(words: Mapping[str, str]) -> str:
    """Say whose series it is."""
    if "executable" not in words:
        return f"GPU {plain(words.get('gpu', ''))}"
    program = words["script"] or words["executable"]
    place = f" from image {plain(words['image'])}" if words["image"] else ""
    inside = " in a container" if words["contained"] == "yes" else ""
    model = f" on {plain(words['gpu_model'])}" if words["gpu_model"] else ""
    return f"{plain(program)} of user {plain(words['user'])}{place}{inside}{model}"


def quantiles(change: Change) -> dict[str, float]:
    """Return the facts: median and spread before and in the last minute, and its rhythm."""
    law = profile.law(change.memory)[:, 0]
    recent = profile.recent(change.memory)[:, 0]
    recent = recent[np.isfinite(recent)]
    minute = profile.minute(change.memory)
    minute = np.where(np.isfinite(minute), minute, np.float32(np.nan))
    beat, strength = rhythm.period(minute)
    low, middle, high = (
        np.percentile(recent, [10, 50, 90]) if len(recent) else (np.nan, np.nan, np.nan)
    )
    spread = float(law[-4] - law[3])
    return {
        "value": change.value,
        "median_before": float(np.median(law)),
        "low_before": float(law[3]),
        "high_before": float(law[-4]),
        "median_lately": float(middle),
        "low_lately": float(low),
        "high_lately": float(high),
        "deviations": (change.value - float(np.median(law))) / spread if spread > 0 else np.nan,
        "flatness_ratio": float(rhythm.flatness(minute)[0]),
        "period_samples": float(beat[0]),
        "period_strength": float(strength[0]),
    }


def _lately(memory: Floats) -> str:
    recent = profile.recent(memory)[:, 0]
    recent = recent[np.isfinite(recent)]
    if not len(recent):
        return ""
    return f" (median of what was last learned {_number(float(np.median(recent)))})"


def _number(value: float) -> str:
    """Write a number as people read it: 3 significant digits, and M, G or T."""
    for size, letter in ((1e12, "T"), (1e9, "G"), (1e6, "M")):
        if abs(value) >= size:
            return f"{value / size:.3g}{letter}"
    return f"{value:.3g}"


def plain(text: str) -> str:
    """Return hostile text on one line, and not too much of it."""
    shown = "".join(c if c.isprintable() else "\ufffd" for c in text)
    return shown if len(shown) <= _LONGEST else shown[: _LONGEST - 1] + "…"
