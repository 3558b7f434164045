"""A detector of marks: for trying what the bench does with lists."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from aisec_daemon.model import Read, Rule, Severity, State, Verdict, View


@dataclass(frozen=True)
class Names:
    """A process with any mark of a known miner."""

    rule: ClassVar[Rule] = Rule("names", "Bears a mark", Severity.HIGH, "Nothing.")
    memory: ClassVar[None] = None
    peers: ClassVar[bool] = False

    @property
    def reads(self) -> tuple[Read, ...]:
        """Processes."""
        return (Read("process"),)

    def __call__(self, state: State, *views: View | None) -> tuple[State, Verdict]:
        """Judge each process by its marks."""
        (process,) = views
        marked = np.array([float(bool(word)) for word in process.label("indicators")])
        return state, Verdict(process.subjects, marked)
