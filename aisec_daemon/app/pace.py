"""Pace: which turns of the samplers are taken while their periods are stretched."""

from __future__ import annotations

from collections.abc import Callable, Mapping


class Pace:
    """Leaves out turns: with a factor of 4 every fourth is taken, the first one always.

    `periods` are the seconds between snapshots that are in force now; the pipeline holds gaps
    against them. A period that becomes shorter is so from its second turn on: the first one still
    comes after a long pause. Each table's turns come one after the other; tables are apart.
    """

    def __init__(self, periods: Mapping[str, float], factor: Callable[[str], int]) -> None:
        self.periods = dict(periods)
        self._set = dict(periods)
        self._factor = factor
        self._held: dict[str, int] = {}  # the factor that was in force at the last turn taken
        self._left_out: dict[str, int] = {}

    def due(self, table: str) -> bool:
        """Tell whether this turn is to be taken."""
        factor = self._factor(table)
        held = self._held.get(table, 1)
        left_out = self._left_out.get(table)
        self.periods[table] = self._set[table] * max(factor, held)
        if left_out is not None and left_out + 1 < factor:
            self._left_out[table] = left_out + 1
            return False
        self._held[table], self._left_out[table] = factor, 0
        return True
