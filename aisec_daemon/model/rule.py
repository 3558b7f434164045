"""Rules and verdicts: how a detector introduces itself and what it answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from functools import cached_property
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray


class Severity(IntEnum):
    """How much it matters; the words are those of the alert rules."""

    INFO = 0
    WARNING = 1
    HIGH = 2
    CRITICAL = 3

    @property
    def word(self) -> str:
        """The severity as a label's value."""
        return self.name.lower()


@dataclass(frozen=True)
class Rule:
    """What is true of a detector whatever it sees; `name` is also the name of its file."""

    name: str
    title: str
    severity: Severity
    benign: str  # what honest work looks similar, for whoever reads the finding at night
    technique: str = ""  # ATT&CK or ATLAS id
    hold: float = 0.0  # seconds past the line before anyone is told
    quiet: float = 30.0  # seconds below the line before it is closed


@dataclass(frozen=True)
class Read:
    """What a detector wants of one table: the latest snapshot, and `columns` over `window`.

    `window` is in seconds. A counter's past is asked for as `<name>_per_second`. A new snapshot of
    a table that `wakes`, or of the first that a detector reads, calls it, but no more often than
    once in `every` seconds of the data's time; nothing calls it before a table that is `needed` was
    read. `approved` asks for the rows that an operator approved instead of the latest: None while
    there are none.
    """

    table: str
    window: float = 0.0
    columns: tuple[str, ...] = ()
    wakes: bool = False
    every: float = 0.0
    approved: bool = False
    needed: bool = False

    def due(self, before: float | None, now: float) -> bool:
        """Tell whether a snapshot at `now` calls, the one before being of `before` (None: none)."""
        if before is None or not self.every:
            return True
        return now // self.every > before // self.every


@dataclass(frozen=True)
class StateShape:
    """The memory a detector asks for: `fields` numbers for each of at most `rows` keys.

    A change of meaning raises `version`; memory of another version is forgotten, and that is said.
    `single` halves it: numbers are float32 then, infinities included.
    """

    version: int
    fields: tuple[str, ...]
    rows: int = 4096
    single: bool = False

    @property
    def dtype(self) -> type[np.floating[Any]]:
        """Type of its numbers."""
        return np.float32 if self.single else np.float64


@dataclass(frozen=True, eq=False)
class State:
    """A detector's memory: row `i` of `values` (K, W) belongs to `keys[i]`.

    Its numbers are float64, or float32 where the shape says `single`.
    """

    keys: tuple[str, ...]
    values: NDArray[Any]

    @classmethod
    def empty(cls, shape: StateShape) -> State:
        """No memory yet."""
        return cls((), np.empty((0, len(shape.fields)), shape.dtype))


Fact: TypeAlias = float | str
_HUGE = 1e15  # below it, people count digits rather than read an exponent


def worded(number: float, digits: int = 6) -> str:
    """Return a finite number as people read it: 412.25, 38,654,705,664."""
    short = f"{number:.{digits}g}"
    return f"{number:,.0f}" if "e+" in short and abs(number) < _HUGE else short


@dataclass(frozen=True, eq=False)
class Verdict:
    """One detector's judgement at one instant, row by row.

    `score` (S,): 1 is the line, 2 is twice past it, NaN is "there, but could not be judged". A
    subject that is not listed is gone. `keys` says which case each row belongs to (the subject
    itself if empty); `reasons` has a sentence for each row past the line; `severities` overrides
    the rule's; each fact has one value a row, in `facts`. `words` are those that exceptions are
    held against, for rows that are not rows of the snapshot that called (whose labels serve else).
    """

    subjects: tuple[str, ...]
    score: NDArray[np.float64]
    facts: Mapping[str, tuple[Fact, ...]] = field(default_factory=dict)
    reasons: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
    severities: tuple[Severity, ...] = ()
    words: tuple[Mapping[str, str], ...] = ()

    def __post_init__(self) -> None:
        rows = len(self.subjects)
        if self.score.shape != (rows,):
            raise ValueError(f"score is {self.score.shape}, expected {(rows,)}")
        for name, column in [
            ("reasons", self.reasons),
            ("keys", self.keys),
            ("severities", self.severities),
            ("words", self.words),
        ]:
            if column and len(column) != rows:
                raise ValueError(f"{name} has {len(column)} rows, expected {rows}")
        for name, facts in self.facts.items():
            if len(facts) != rows:
                raise ValueError(f"fact {name!r} has {len(facts)} rows, expected {rows}")

    @cached_property
    def past(self) -> tuple[int, ...]:
        """The rows that are past the line; a verdict that is given again and again keeps them."""
        return tuple((self.score >= 1).nonzero()[0].tolist())
