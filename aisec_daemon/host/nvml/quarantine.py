"""Which GPUs are served apart, and when they have earned their way back."""

from __future__ import annotations

from collections import Counter

_GOOD_ANSWERS = 3
_MOST_GOOD_ANSWERS = 192


class Quarantine:
    """GPUs that hang, are lost or crash the process that reads them.

    Three prompt answers in a row let a GPU go; each relapse doubles how many it takes.
    """

    def __init__(self) -> None:
        self._good: dict[int, int] = {}
        self._needed: dict[int, int] = {}
        self._crashes: Counter[int] = Counter()

    @property
    def gpus(self) -> frozenset[int]:
        """The GPUs that are served apart."""
        return frozenset(self._good)

    def add(self, index: int) -> None:
        """Serve this GPU apart from now on."""
        if index in self._good:
            return
        before = self._needed.get(index, 0)
        self._needed[index] = min(2 * before, _MOST_GOOD_ANSWERS) or _GOOD_ANSWERS
        self._good[index] = 0

    def crashed(self, index: int) -> bool:
        """Note that reading this GPU ended the process; return whether that puts it apart."""
        self._crashes[index] += 1
        if self._crashes[index] > 1:
            self.add(index)
        return self._crashes[index] > 1

    def answered(self, index: int, *, promptly: bool) -> None:
        """Note an answer of a GPU served apart; it may be the one that lets it go."""
        if index not in self._good:
            return
        self._good[index] = self._good[index] + 1 if promptly else 0
        if self._good[index] >= self._needed[index]:
            self.remove(index)

    def remove(self, index: int) -> None:
        """Let a GPU go."""
        self._good.pop(index, None)
        self._crashes.pop(index, None)

    def clear(self) -> None:
        """Let all go: indices mean other GPUs now."""
        self._good.clear()
        self._needed.clear()
        self._crashes.clear()
