"""What one Alertmanager has been told, and what it is to be told next; no clock, no network.

A finding is one alert, told as firing until it closes and then as resolved. One that opened and
closed while nobody listened is told as firing first, for as long as `policy.firing`. Severity is a
label, and another label is another alert: when a finding becomes graver, the graver alert is told
and the milder one ends with it. It never becomes milder again, so that nobody is told "resolved"
of what goes on.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass

from aisec_daemon.model import Change, Finding, Severity
from aisec_daemon.sinks.alerting.alert import Alert
from aisec_daemon.sinks.alerting.policy import Policy
from aisec_daemon.sinks.alerting.wording import Wording


@dataclass(frozen=True)
class Telling:
    """One alert in one request."""

    alert: Alert
    firing: bool


class Delivery:
    """The alerts of one Alertmanager; changes are known by their numbers in the outbox."""

    def __init__(self, policy: Policy, wording: Wording) -> None:
        self._policy = policy
        self._wording = wording
        self._cases: dict[str, dict[Severity, Alert]] = {}
        self._unheard: set[int] = set()
        self._taken: deque[int] = deque()  # from the first that is not delivered on
        self._last = -1
        self._heard = -1

    @property
    def alerts(self) -> list[Alert]:
        """Every alert that fires or has lately resolved, the oldest first."""
        return [alert for case in self._cases.values() for alert in case.values()]

    @property
    def room(self) -> int:
        """How many more changes it can take; alerts that are only open take no room."""
        return max(self._policy.changes - len(self._unheard), 0)

    @property
    def ahead(self) -> int:
        """How many changes were taken since the first that is not delivered."""
        return len(self._taken)

    @property
    def unheard(self) -> int:
        """How many changes were taken and are not delivered yet."""
        return len(self._unheard)

    @property
    def heard(self) -> int:
        """Up to which number every change is delivered; negative if none is."""
        return self._heard

    def begin(self, findings: Iterable[Finding]) -> None:
        """Take what was open before the first change."""
        for finding in findings:
            self._fire(finding, finding.opened)

    def take(self, seq: int, change: Change) -> None:
        """Take one change; one that was taken before is passed over."""
        if seq <= self._last:
            return
        self._last = seq
        self._unheard.add(seq)
        self._taken.append(seq)
        if change.what == "closed":
            alert = self._gravest(change.finding) or self._fire(change.finding, change.time)
            alert.update(change.finding)
            alert.end(change.time)
            alert.unheard_end.append(seq)
        else:
            self._fire(change.finding, change.time).unheard.append(seq)

    def refresh(self, findings: Iterable[Finding]) -> None:
        """Let open alerts say, when it is their turn, how their findings stand."""
        for finding in findings:
            alert = self._gravest(finding)
            if alert is not None and not alert.over:
                alert.finding = finding

    def due(self, now: float) -> list[Telling]:
        """Return what to tell in one request, and forget what is over."""
        self._cases = {
            name: kept
            for name, case in self._cases.items()
            if (kept := {s: a for s, a in case.items() if not a.finished(self._policy)})
        }
        ready = [alert for alert in self.alerts if alert.due(self._policy) <= now]
        ready.sort(key=lambda alert: alert.due(self._policy))
        return [Telling(a, not a.resolves(now, self._policy)) for a in ready[: self._policy.batch]]

    def next(self) -> float:
        """Return when something is due; infinity if nothing is."""
        return min((alert.due(self._policy) for alert in self.alerts), default=math.inf)

    def took(self, tellings: Iterable[Telling], now: float) -> None:
        """Note that the receiver took these."""
        for telling in tellings:
            self._delivered(telling.alert.took(firing=telling.firing, now=now))

    def refuse(self, telling: Telling, now: float) -> None:
        """Note that the receiver will not take this one: not soon, unless there is news of it."""
        self._delivered(telling.alert.refuse(now))

    def content(self, telling: Telling, now: float, offset: float) -> dict[str, object]:
        """Return an alert as API v2 takes it, by a clock that is `offset` seconds ahead of ours."""
        alert = telling.alert
        ends = now + self._policy.expire if telling.firing else alert.ended
        return self._wording.content(alert.finding, alert.labels, ends, alert.graver, offset)

    def _delivered(self, changes: Iterable[int]) -> None:
        self._unheard.difference_update(changes)
        while self._taken and self._taken[0] not in self._unheard:
            self._heard = self._taken.popleft()

    def _gravest(self, finding: Finding) -> Alert | None:
        case = self._cases.get(finding.id)
        return case[max(case)] if case else None

    def _fire(self, finding: Finding, time: float) -> Alert:
        """Return the alert that fires for a finding from now on."""
        case = self._cases.setdefault(finding.id, {})
        severity = max([finding.severity, *case])
        alert = case.get(severity)
        if alert is not None:
            alert.revive()
            alert.update(finding)
            return alert
        milder = self._gravest(finding)
        words = milder.labels if milder else self._wording.base_labels(finding)
        alert = Alert(finding, {**words, "severity": severity.word})
        if milder is not None:
            self._supersede(case, milder, alert, severity, time)
        case[severity] = alert
        return alert

    @staticmethod
    def _supersede(
        case: dict[Severity, Alert], milder: Alert, alert: Alert, severity: Severity, time: float
    ) -> None:
        """Let a milder alert end; one that was never taken is never told."""
        alert.unheard = milder.unheard + milder.unheard_end
        milder.unheard, milder.unheard_end = [], []
        if math.isnan(milder.fired):
            del case[max(case)]
        else:
            milder.end(time, severity)
