"""When the maps of a program image are read again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

WAIT_TURNS = (1, 2, 4, 6)  # between readings of the maps of a program that maps more


@dataclass(slots=True)
class Rereading:
    """The turn at which maps were read last, how often that was, and how much was mapped then."""

    mapped_bytes: int = 0
    turn: int = -1
    count: int = 0

    def due(
        self, turn: int, mapped: int, waits: Sequence[int] = WAIT_TURNS, at_least: int = 2
    ) -> bool:
        """Say whether they must be read: never yet, or more is mapped than then.

        A program that maps ever more is read ever more rarely, after so many turns (`waits`); what
        it maps when it was just started tells little, so that it is read `at_least` so often.
        """
        if self.turn < 0:
            return True
        if mapped == self.mapped_bytes and self.count >= at_least:
            return False
        return turn - self.turn >= waits[min(self.count, len(waits)) - 1]

    def note(self, turn: int, mapped: int) -> None:
        """Remember that they were read."""
        self.mapped_bytes, self.turn = mapped, turn
        self.count += 1
