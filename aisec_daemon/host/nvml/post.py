"""A post: a child process, replaced when it is lost, less and less eagerly."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from aisec_daemon.host.nvml.children import Child
from aisec_daemon.host.nvml.row import Answer

_LONGEST_SECONDS = 30.0


class Post:
    """The place of one child. `why` says what became of the last one, empty if nothing did.

    `lost` are the GPUs that the child could not reach in this round, and what they answered.
    """

    def __init__(self, command: Sequence[str]) -> None:
        self._command = command
        self.child: Child | None = None
        self.asked = False  # in this turn
        self.asked_for: frozenset[int] = frozenset()
        self.lost: dict[int, Answer] = {}
        self.why = ""
        self._failures = 0
        self._not_before = 0.0

    @property
    def is_done(self) -> bool:
        """Whether the child has answered all that it was asked in this turn."""
        return self.asked and self.child is not None and self.child.idle

    def rests(self, now: float) -> bool:
        """Say whether there is no child and it is too early for another."""
        return self.child is None and now < self._not_before

    def man(self, now: float) -> None:
        """Start a child."""
        self.asked = False
        try:
            self.child = Child(self._command, now)
        except OSError as error:
            self.vacate(now, f"the process that reads GPUs does not start: {error}")

    def ask(self, gpus: Mapping[int, str], now: float) -> None:
        """Have the child read these GPUs."""
        self.asked = True
        self.asked_for = frozenset(gpus)
        self.lost = {}
        if self.child:
            self.child.ask(gpus, now)

    def adopt(self, child: Child, index: int) -> None:
        """Take over a child that is busy with this GPU."""
        self.child, self.asked, self.asked_for, self.lost = child, True, frozenset({index}), {}

    def succeed(self) -> None:
        """Note a round in which the child was of use."""
        self._failures = 0
        self.why = ""
        if self.child:
            self.child.rounds += 1

    def vacate(self, now: float, why: str) -> Child | None:
        """Give the child up and say why.

        The next one comes at once if this one had worked, then after 1, 2, 4 … 30 s.
        """
        child, self.child = self.child, None
        self.why = why
        if not child or not child.rounds:
            self._not_before = now + min(2.0**self._failures, _LONGEST_SECONDS)
            self._failures += 1
        return child

    def hasten(self) -> None:
        """Let the next child come at once: what the last one fell over has been taken away."""
        self._failures, self._not_before = 0, 0.0
