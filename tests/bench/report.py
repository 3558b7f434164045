"""Numbers and tables as the page shows them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def spread(values: Sequence[float], digits: int = 2) -> str:
    """Write the median and, in brackets, the middle half."""
    low, middle, high = np.percentile(values, [25, 50, 75])
    return f"{middle:.{digits}f} ({low:.{digits}f} to {high:.{digits}f})"


def median(values: Sequence[float]) -> float:
    return float(np.median(values))


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Write a Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def series(page: str) -> int:
    """Count the series of a metrics page."""
    return sum(1 for line in page.splitlines() if line and not line.startswith("#"))
