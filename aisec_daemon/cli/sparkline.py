"""Series as one line of a terminal."""

from __future__ import annotations

import math
from collections.abc import Sequence

_BLOCKS = "▁▂▃▄▅▆▇█"
_PLAIN = "_.-=+*%#"
_UNREAD = " "


def sparkline(series: Sequence[float], width: int, *, plain: bool = False) -> str:
    """Draw a series between its least and its greatest value; what was not read is a gap.

    A column of the line shows the greatest of the values that fall into it, so that a peak is
    never lost. `plain` does with ASCII.
    """
    ramp = _PLAIN if plain else _BLOCKS
    columns = _columns(series, width)
    known = [value for value in columns if math.isfinite(value)]
    if not known:
        return ""
    # Halves, for the span between the two ends of what a float can be is more than it can be.
    low, high = min(known) / 2, max(known) / 2
    span = (high - low) or 1.0
    last = len(ramp) - 1
    return "".join(
        ramp[round((value / 2 - low) / span * last)] if math.isfinite(value) else _UNREAD
        for value in columns
    )


def _columns(series: Sequence[float], width: int) -> list[float]:
    """Return a series no longer than `width`, each value the greatest of its share."""
    if len(series) <= width:
        return list(series)
    shares = (
        series[at * len(series) // width : (at + 1) * len(series) // width] for at in range(width)
    )
    return [max(filter(math.isfinite, share), default=math.nan) for share in shares]
