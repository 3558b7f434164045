"""Sparklines: the last minutes of one number, as inline SVG."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_WIDTH, _HEIGHT = 200, 36


def sparkline(
    times: NDArray[np.float64],
    values: NDArray[np.float32],
    *,
    end: float,
    window: float,
    top: float,
    about: str,
) -> str:
    """Draw `values` (T,) from 0 to `top` over the `window` seconds before `end`.

    A number that was not read is a gap, never 0. `about` is what a screen reader says; it must be
    safe already.
    """
    x = (times - (end - window)) / window * _WIDTH
    read = np.where(np.isfinite(values), values, np.nan).astype(np.float64)
    shares = np.clip(read, 0.0, top) / top if 0 < top < np.inf else np.clip(read, 0.0, 1.0)
    y = (_HEIGHT - 1) - shares * (_HEIGHT - 3)
    lines, areas = [], []
    for run in _runs(np.isfinite(y) & (x >= 0)):
        points = [f"{a:.0f},{b:.1f}" for a, b in zip(x[run], y[run], strict=True)]
        if len(points) == 1:
            points.append(f"{x[run][0] + 1:.0f},{y[run][0]:.1f}")
        lines.append(f'<polyline class="line" points="{" ".join(points)}"/>')
        first, last = points[0].partition(",")[0], points[-1].partition(",")[0]
        around = f"{first},{_HEIGHT} {' '.join(points)} {last},{_HEIGHT}"
        areas.append(f'<polygon class="area" points="{around}"/>')
    return (
        f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" preserveAspectRatio="none" role="img" '
        f'aria-label="{about}">{"".join(areas)}{"".join(lines)}</svg>'
    )


def _runs(there: NDArray[np.bool_]) -> list[slice]:
    """Return where True stands without a gap."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], there, [False])).astype(np.int8)))
    return [slice(int(a), int(b)) for a, b in zip(edges[::2], edges[1::2], strict=True)]
