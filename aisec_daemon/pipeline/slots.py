"""Which column of a ring belongs to which subject, when subjects come and go."""

from __future__ import annotations

from collections.abc import Collection, Sequence


class Slots:
    """Gives each subject a slot, at most `limit` of them, and takes it back when it must.

    A subject that is gone keeps its slot for `keep_seconds` (its past may still be asked for),
    unless others need it: the dead go first, the longest dead before the rest, then the living
    that hold no GPU. One that holds a GPU is never let go, even past the limit. `evicted` counts
    those that lost a past, or never got a slot.
    """

    def __init__(self, limit: int, keep_seconds: float) -> None:
        self.evicted = 0
        self.size = 0
        self._limit = limit
        self._keep = keep_seconds
        self._of: dict[str, int] = {}
        self._free: list[int] = []
        self._dead: dict[str, float] = {}  # since when, longest dead first
        self._present: Sequence[str] = ()
        self._placed = True  # whether everyone present has a slot

    def of(self, subjects: Sequence[str]) -> list[int]:
        """Return the slot of each subject, -1 for one that has none."""
        find = self._of.get
        return [find(subject, -1) for subject in subjects]

    def placed(self, subjects: Sequence[str]) -> bool:
        """Tell whether these are the subjects of the last update, and each of them has a slot."""
        return self._placed and subjects == self._present

    def update(self, time: float, subjects: Sequence[str], holding: Collection[str]) -> list[int]:
        """Take note of who is there now; return slots that changed hands and must be wiped."""
        if self.placed(subjects):
            return []
        present = set(subjects)
        for subject in self._present:
            if subject not in present and subject in self._of:
                self._dead[subject] = time
        self._present = subjects
        for subject in subjects:
            self._dead.pop(subject, None)
        wiped = [self._release(s) for s in list(self._expired(time))]
        for subject in sorted(present - self._of.keys(), key=lambda s: (s not in holding, s)):
            wiped += self._admit(subject, present, holding)
        self._placed = present <= self._of.keys()
        return wiped

    def _expired(self, time: float) -> list[str]:
        return [s for s, since in self._dead.items() if time - since > self._keep]

    def _release(self, subject: str) -> int:
        slot = self._of.pop(subject)
        self._dead.pop(subject, None)
        self._free.append(slot)
        return slot

    def _admit(self, subject: str, present: set[str], holding: Collection[str]) -> list[int]:
        wiped = []
        if not self._free and self.size >= self._limit:
            victim = next(iter(self._dead), None)
            if victim is None and subject in holding:
                living = (s for s in self._of if s in present and s not in holding)
                victim = next(living, None)
            if victim is not None or subject not in holding:
                self.evicted += 1
            if victim is not None:
                wiped.append(self._release(victim))
            elif subject not in holding:
                return wiped
        if self._free:
            self._of[subject] = self._free.pop()
        else:
            self._of[subject] = self.size
            self.size += 1
        return wiped
