"""The outbox: what people are to be told, kept until each receiver has it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from aisec_daemon.model.finding import Change, Finding


class Outbox(Protocol):
    """Changes of findings in one order, and how far each receiver has come. Safe between threads.

    What an operator's exception covers is never in it: a finding that becomes allowed after it was
    told is handed out once more, as closed; one that is no longer allowed is opened again. So each
    receiver sees, for each id, opened, any number of changed, closed, and perhaps that again.

    A receiver is any stable name, `alertmanager/https://a.example.org`. One that was never heard
    of begins with what happens after the settings were last read; what was open before is in
    `open_findings`.
    """

    def pending(self, receiver: str, limit: int) -> Sequence[tuple[int, Change]]:
        """Return changes not yet done for a receiver, oldest first, each with its number."""

    def done(self, receiver: str, seq: int) -> None:
        """Note that everything up to number `seq` is delivered to a receiver."""

    def open_findings(self) -> Sequence[Finding]:
        """Return the findings that are open and told, as they stand, oldest first."""
