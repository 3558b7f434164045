"""Brings one Alertmanager what the outbox holds for it; time is an argument."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Sequence

from aisec_daemon.model import Finding, Outbox
from aisec_daemon.model.jsontext import dumps
from aisec_daemon.sinks.alerting.answer import Answer, Outcome
from aisec_daemon.sinks.alerting.backoff import Backoff
from aisec_daemon.sinks.alerting.delivery import Delivery, Telling
from aisec_daemon.sinks.alerting.tally import Tally
from aisec_daemon.sinks.alerting.text import plain
from aisec_daemon.sinks.alerting.trouble import Trouble

_LOG = logging.getLogger(__name__)
_CLOCKS_DIFFER_SECONDS = 5.0  # less is the Date header's own coarseness and the way there


class Courier:
    """One receiver's; `post` sends a body and never raises, one thread calls `turn`."""

    def __init__(
        self,
        name: str,
        outbox: Outbox,
        delivery: Delivery,
        post: Callable[[bytes], Answer],
        tally: Tally,
        *,
        patience: float,
        seed: str = "",
    ) -> None:
        self.trouble = Trouble(name, patience)
        self._name = name
        self._outbox = outbox
        self._receiver = f"alertmanager/{name}"
        self._delivery = delivery
        self._post = post
        self._tally = tally
        self._backoff = Backoff(f"{seed}\0{name}")
        self._retry = -math.inf
        self._offset = 0.0
        self._moved = False
        self._begun = False

    def turn(self, now: float, findings: Sequence[Finding]) -> float:
        """Make one request at most; return when the next turn is due.

        `findings` are those that are open, as they stand.
        """
        self._collect()
        self._delivery.refresh(findings)
        if now < self._retry:
            return self._retry
        tellings = self._delivery.due(now)
        if tellings:
            heard = self._delivery.heard
            self._tell(tellings, now)
            if self._delivery.heard > heard:
                self._outbox.done(self._receiver, self._delivery.heard)
        self._tally.waiting(self._delivery.unheard)
        return max(self._delivery.next(), self._retry)

    def _collect(self) -> None:
        """Take what is new in the outbox, as much as there is room for."""
        if not self._begun:
            self._delivery.begin(self._outbox.open_findings())
            self._begun = True
        limit = self._delivery.ahead + self._delivery.room
        for seq, change in self._outbox.pending(self._receiver, limit):
            self._delivery.take(seq, change)

    def _tell(self, tellings: Sequence[Telling], now: float) -> None:
        """Send these in one request, or one by one if something in it is refused."""
        answer = self._send(tellings, now)
        if answer.outcome is Outcome.REFUSED and len(tellings) > 1:
            for telling in tellings:
                answer = self._send([telling], now)
                if answer.outcome not in {Outcome.TAKEN, Outcome.REFUSED}:
                    break
        if answer.outcome is Outcome.REFUSED:
            answer = Answer(Outcome.TAKEN, answer.code)  # it works; that alert does not
        self.trouble.note(answer, now)
        if answer.outcome is Outcome.TAKEN:
            self._backoff.reset()
        else:
            self._retry = now + self._backoff.failed()

    def _send(self, tellings: Sequence[Telling], now: float) -> Answer:
        """Make one request and note what came of it."""
        content = [self._delivery.content(telling, now, self._offset) for telling in tellings]
        answer = self._post(dumps(content))
        self._tally.count(answer.code)
        moved = self._set_clock(answer.date - now - answer.seconds)
        if answer.outcome is Outcome.TAKEN and not moved:
            self._delivery.took(tellings, now)
        elif answer.outcome is Outcome.REFUSED and len(tellings) == 1:
            self._refused(tellings[0], answer, now)
        return answer

    def _refused(self, telling: Telling, answer: Answer, now: float) -> None:
        finding = telling.alert.finding.id
        if not telling.alert.refused:
            self._tally.refused()
            name = plain(finding, 64)
            _LOG.error("%s refuses the alert of finding %s: %s", self._name, name, answer.sentence)
        self._delivery.refuse(telling, now)

    def _set_clock(self, offset: float) -> bool:
        """Go by the receiver's clock; return whether what was just sent has to be sent again.

        It resolves an alert when its own clock says so: one of a node that is an hour behind would
        never fire there.
        """
        moved, self._moved = self._moved, False
        if math.isnan(offset) or abs(offset - self._offset) < _CLOCKS_DIFFER_SECONDS:
            return False
        self._offset = 0.0 if abs(offset) < _CLOCKS_DIFFER_SECONDS else float(round(offset))
        if not moved:
            _LOG.warning("the clock of %s is %+.0f s from ours", self._name, self._offset)
        self._moved = True
        return not moved
