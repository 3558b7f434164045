"""Sections: one table's part of the page."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol

from aisec_daemon.model.exposition.text import Chunk, pairs
from aisec_daemon.model.snapshot import Snapshot, Word
from aisec_daemon.model.tick import Tick

Key = tuple[Word, ...]


class Rendered(NamedTuple):
    """A table's families, and how many of its series found no place."""

    chunks: list[Chunk]
    dropped: int


class Section(Protocol):
    """Renders one table; most ticks are followed by another before anybody asks for the page."""

    def take(self, tick: Tick) -> Callable[[], Rendered]:
        """Take what must be taken of every tick; what comes back renders it.

        Ticks are taken by one thread, and one thread at a time renders.
        """


class Labelling:
    """Label texts of rows, each made once for as long as its words stay."""

    def __init__(self, names: tuple[str, ...]) -> None:
        self._names = names
        self._texts: dict[Key, str] = {}
        self._keys: list[Key] = []
        self._limit = -1
        self._answer: tuple[tuple[str, ...], list[int]] = ((), [])

    def keys(self, snapshot: Snapshot) -> list[Key]:
        """Return each row's words."""
        if not self._names:
            return [()] * len(snapshot.subjects)
        return list(zip(*(snapshot.labels[name] for name in self._names), strict=True))

    def texts(self, keys: Sequence[Key]) -> list[str]:
        """Return each row's labels as text, and forget those that are gone."""
        known = self._texts
        self._texts = {
            key: known.get(key) or pairs(zip(self._names, key, strict=True))
            for key in dict.fromkeys(keys)
        }
        return [self._texts[key] for key in keys]

    def distinct(self, keys: list[Key], limit: int) -> tuple[tuple[str, ...], list[int]]:
        """Return the texts of at most `limit` rows and where they are, no text twice.

        The very same answer comes back while keys and limit stay the same.
        """
        if keys != self._keys or limit != self._limit:
            first: dict[str, int] = {}
            for at, text in enumerate(self.texts(keys)):
                if text not in first and len(first) < limit:
                    first[text] = at
            self._keys, self._limit = keys, limit
            self._answer = (tuple(first), list(first.values()))
        return self._answer
