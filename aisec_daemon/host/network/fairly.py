"""Who gets a row where there are more sockets than rows: nobody can crowd out another."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Sequence
from typing import TypeVar

_Row = TypeVar("_Row")


def fairly(
    rows: Sequence[_Row],
    most: int,
    whose: Callable[[_Row], Hashable],
    matters: Callable[[_Row], int],
) -> tuple[list[_Row], list[_Row]]:
    """Return at most so many rows, and the rest.

    The first of each owner comes before the second of any; what `matters` less (a larger number)
    comes later among one's own.
    """
    if len(rows) <= most:
        return list(rows), []
    seen: Counter[Hashable] = Counter()
    ranked = []
    for each in sorted(rows, key=matters):
        ranked.append((seen[whose(each)], each))
        seen[whose(each)] += 1
    ranked.sort(key=lambda pair: pair[0])
    order = [each for _, each in ranked]
    return order[:most], order[most:]
