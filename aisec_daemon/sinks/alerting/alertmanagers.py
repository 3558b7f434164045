"""All Alertmanagers, each with a thread of its own."""

from __future__ import annotations

from collections.abc import Sequence
from time import monotonic

from aisec_daemon.model import Tick
from aisec_daemon.model.exposition import Board
from aisec_daemon.sinks.alerting.courier import Courier
from aisec_daemon.sinks.alerting.tally import FAMILIES
from aisec_daemon.sinks.alerting.worker import Latest, Worker

_CLOSE_SECONDS = 1.5


class Alertmanagers:
    """Hands each tick's time and findings to the threads, and says what troubles them."""

    def __init__(self, couriers: Sequence[Courier], board: Board) -> None:
        self._board = board
        self._latest = Latest()
        self._workers = [Worker(courier, self._latest) for courier in couriers]

    def __call__(self, tick: Tick) -> None:
        """Take one tick; OSError if an Alertmanager takes no alerts."""
        self._latest.take(tick)
        if tick.changes:
            for worker in self._workers:
                worker.wake()
        troubles = [trouble for worker in self._workers if (trouble := worker.tend())]
        if troubles:
            raise OSError("; ".join(troubles))

    def close(self) -> None:
        """End the threads; what is not delivered stays in the outbox."""
        for worker in self._workers:
            worker.stop()
        end = monotonic() + _CLOSE_SECONDS
        for worker in self._workers:
            worker.join(max(end - monotonic(), 0.0))
        for family in FAMILIES:
            self._board.hide(family)
