"""What one Alertmanager's courier shows on the metrics page."""

from __future__ import annotations

from collections import Counter

from aisec_daemon.model.exposition import Board, Family

REQUESTS = Family(
    "aisec_alertmanager_requests_total",
    "counter",
    "Requests to an Alertmanager, by HTTP status or what went wrong instead.",
    ("receiver", "code"),
)
WAITING = Family(
    "aisec_alertmanager_waiting_changes",
    "gauge",
    "Openings, changes and closings that an Alertmanager has not taken yet. A closing waits until "
    "its alert has been firing there for a while.",
    ("receiver",),
)
REFUSED = Family(
    "aisec_alertmanager_refused_alerts_total",
    "counter",
    "Alerts that an Alertmanager did not take because of what is in them.",
    ("receiver",),
)
FAMILIES = (REQUESTS, WAITING, REFUSED)


class Tally:
    """Counts for one receiver."""

    def __init__(self, board: Board, receiver: str) -> None:
        self._board = board
        self._receiver = receiver
        self._requests: Counter[str] = Counter()
        self._refused = 0
        board.show(WAITING, 0.0, receiver)
        board.show(REFUSED, 0.0, receiver)

    def count(self, code: str) -> None:
        """Count a request."""
        self._requests[code] += 1
        self._board.show(REQUESTS, float(self._requests[code]), self._receiver, code)

    def refused(self) -> None:
        """Count an alert that was refused."""
        self._refused += 1
        self._board.show(REFUSED, float(self._refused), self._receiver)

    def waiting(self, changes: int) -> None:
        """Show how many changes are not delivered."""
        self._board.show(WAITING, float(changes), self._receiver)
