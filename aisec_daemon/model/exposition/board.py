"""The board: numbers that parts of the daemon put on the metrics page themselves."""

from __future__ import annotations

from collections.abc import Mapping
from threading import Lock

from aisec_daemon.model.exposition.families import Family
from aisec_daemon.model.exposition.text import Chunk, samples


class Board:
    """Families and their latest values; any thread may call it."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._values: dict[Family, dict[tuple[str, ...], float]] = {}

    def show(self, family: Family, value: float, *words: str) -> None:
        """Show a number from now on, under one word for each of the family's labels."""
        if len(words) != len(family.labels):
            raise ValueError(f"{family.name} has the labels {family.labels}, not {words}")
        with self._lock:
            self._values.setdefault(family, {})[words] = value

    def hide(self, family: Family) -> None:
        """Show a family no longer."""
        with self._lock:
            self._values.pop(family, None)

    def chunks(self, constant: Mapping[str, str]) -> list[Chunk]:
        """Render it all."""
        with self._lock:
            shown = [(family, dict(values)) for family, values in self._values.items()]
        return [
            samples(
                family,
                [
                    (dict(zip(family.labels, words, strict=True)), value)
                    for words, value in values.items()
                ],
                constant,
            )
            for family, values in shown
        ]
