"""What is said of an Alertmanager that takes no alerts."""

from __future__ import annotations

import logging
import math

from aisec_daemon.sinks.alerting.answer import Answer, Outcome

_LOG = logging.getLogger(__name__)


class Trouble:
    """Failures in a row, as one sentence that does not change with each of them.

    One that may well pass is said only after `patience` seconds: Alertmanagers are restarted.
    """

    def __init__(self, name: str, patience: float) -> None:
        self._name = name
        self._patience = patience
        self._since = math.nan
        self._answer: Answer | None = None
        self._said = False

    def note(self, answer: Answer, now: float) -> None:
        """Note what came of a request."""
        if answer.outcome is Outcome.TAKEN:
            if self._said:
                _LOG.info("%s takes alerts again", self._name)
            self._since, self._answer, self._said = math.nan, None, False
        elif self._answer is None or self._worse(answer):
            self._since = now if math.isnan(self._since) else self._since
            self._answer = answer

    def sentence(self, now: float) -> str:
        """Return what is to be said now; empty if nothing is."""
        if self._answer is None:
            return ""
        if self._answer.outcome is Outcome.LATER and now - self._since < self._patience:
            return ""
        self._said = True
        return f"{self._name} takes no alerts: {self._answer.sentence}"

    def _worse(self, answer: Answer) -> bool:
        """Tell whether a failure says more than the first one did."""
        first = self._answer
        return first is not None and first.outcome is Outcome.LATER is not answer.outcome
