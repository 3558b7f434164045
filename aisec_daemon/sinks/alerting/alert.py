"""One alert, as its receiver knows it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from aisec_daemon.model import Finding, Severity
from aisec_daemon.sinks.alerting.policy import Policy

_AT_ONCE = -math.inf


@dataclass(eq=False)
class Alert:
    """A finding under the labels that it was first told with.

    Times are NaN for what has not happened: `fired` and `resolved` are when the receiver first
    took it as such, `told` when it last took anything, `ended` when the finding closed or went on
    as the alert of a higher severity, `graver`. `news` asks to be told before its turn. Changes
    whose numbers are in `unheard` are delivered when the receiver next takes the alert, those in
    `unheard_end` when it takes it as resolved.
    """

    finding: Finding
    labels: Mapping[str, str]
    news: bool = True
    fired: float = math.nan
    told: float = math.nan
    ended: float = math.nan
    resolved: float = math.nan
    graver: Severity | None = None
    refused: bool = False
    unheard: list[int] = field(default_factory=list)
    unheard_end: list[int] = field(default_factory=list)

    @property
    def over(self) -> bool:
        """Whether its finding has closed, or goes on under a higher severity."""
        return not math.isnan(self.ended)

    def end(self, time: float, graver: Severity | None = None) -> None:
        """Let it end; a graver alert that goes on in its place may end it without delay."""
        self.ended = self.ended if self.over else time
        self.graver = graver

    def revive(self) -> None:
        """Let it fire again, as new if the receiver was told of its end."""
        if not math.isnan(self.resolved):
            self.fired = self.resolved = math.nan
        self.ended, self.graver = math.nan, None
        self.unheard += self.unheard_end
        self.unheard_end = []

    def update(self, finding: Finding) -> None:
        """Say from now on, and soon, how the finding stands."""
        self.finding, self.news, self.refused = finding, True, False

    def resolves(self, now: float, policy: Policy) -> bool:
        """Tell whether it would now be told as resolved."""
        return self.over and now >= self._end(policy)

    def due(self, policy: Policy) -> float:
        """Return when it is to be told next; infinity if never."""
        if self.refused:
            return math.inf if self.over else self.told + policy.expire
        if math.isnan(self.fired) or (self.news and not self.over):
            return _AT_ONCE
        again = self.told + policy.resend
        if not self.over:
            return again
        if math.isnan(self.resolved):
            return min(again, self._end(policy))
        return again if again <= self.resolved + policy.repeat else math.inf

    def took(self, *, firing: bool, now: float) -> list[int]:
        """Note that the receiver took it; return the changes that are delivered with that."""
        delivered, self.unheard = self.unheard, []
        self.news, self.refused, self.told = False, False, now
        if firing:
            self.fired = now if math.isnan(self.fired) else self.fired
        else:
            delivered += self.unheard_end
            self.unheard_end = []
            self.resolved = now if math.isnan(self.resolved) else self.resolved
        return delivered

    def refuse(self, now: float) -> list[int]:
        """Note that the receiver will not take it; return the changes that end with that."""
        given_up = self.unheard + self.unheard_end
        self.unheard, self.unheard_end = [], []
        self.refused, self.told = True, now
        return given_up

    def finished(self, policy: Policy) -> bool:
        """Tell whether nothing more is to be told of it, until it should fire again."""
        return self.over and self.due(policy) == math.inf

    def _end(self, policy: Policy) -> float:
        """Return from when on it may be told as resolved; NaN, never yet, if it never fired."""
        return self.fired if self.graver is not None else self.fired + policy.firing
