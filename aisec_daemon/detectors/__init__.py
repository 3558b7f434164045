"""Detectors: one rule per file.

A detector is a frozen dataclass in a file named after its rule. Its fields are its settings
(section `[detectors.<rule>]` of the settings file), each annotated with a word of help; `rule`
introduces it, `reads` says what it wants to see (a new snapshot of the first table calls it, and
of any that `wakes`), and `memory` asks for state if it needs any. It is called with its state and
one view per `reads`, in their order, None for a table that has not been read yet, and answers with
the new state and a verdict:

    @dataclass(frozen=True)
    class Blind:
        rule = Rule("blind", ...)
        memory = None
        after: Annotated[float, "seconds without a reading"] = 15.0

        @property
        def reads(self) -> tuple[Read, ...]: ...

        def __call__(self, state: State, *views: View | None) -> tuple[State, Verdict]: ...

It is a pure function: no clock (a view carries its time), no input or output, inputs untouched.
Score 1 is the line. A subject that is there but could not be judged scores NaN; a subject that is
not listed is gone. `peers = True` declares that a rule compares subjects with each other. A method
`gauges(state)` may yield name, help and value of numbers for the metrics page, once a minute.
"""

from __future__ import annotations

from typing import ClassVar, Protocol

from aisec_daemon.model import Read, Rule, State, StateShape, Verdict, View


class Detector(Protocol):
    """The contract; the package's docstring is its manual."""

    rule: ClassVar[Rule]
    memory: ClassVar[StateShape | None]
    peers: ClassVar[bool]

    @property
    def reads(self) -> tuple[Read, ...]:
        """What it wants to see; snapshots of the first table, and of any that wakes, call it."""

    def __call__(self, state: State, *views: View | None) -> tuple[State, Verdict]:
        """Judge."""
