"""Evidence: the rows that a judgement was made of, and a short past of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from aisec_daemon.model.snapshot import Word


@dataclass(frozen=True)
class Evidence:
    """Rows of one table that concern a finding, as they were judged at `time`.

    `numbers[column]` and `words[label]` have one entry a subject, NaN and None where unread.
    `past[column]` has one series a subject, each as long as `times`; `more` rows found no room.
    """

    table: str
    time: float
    subjects: tuple[str, ...]
    numbers: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    words: Mapping[str, tuple[Word, ...]] = field(default_factory=dict)
    times: tuple[float, ...] = ()
    past: Mapping[str, tuple[tuple[float, ...], ...]] = field(default_factory=dict)
    more: int = 0
