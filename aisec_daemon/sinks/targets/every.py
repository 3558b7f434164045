"""Every target, with a courier of its own."""

from __future__ import annotations

from time import monotonic

from aisec_daemon.model import Tick
from aisec_daemon.model.exposition import Board
from aisec_daemon.sinks import Place
from aisec_daemon.sinks.targets.courier import Courier, Target
from aisec_daemon.sinks.targets.delivered import DELIVERED

_CLOSE_SECONDS = 1.5


class Events:
    """A courier for each target."""

    def __init__(self, place: Place, targets: dict[str, Target]) -> None:
        self._board: Board = place.board
        self._couriers = {
            name: Courier(f"events/{name}", place.outbox, target)
            for name, target in targets.items()
        }

    def __call__(self, tick: Tick) -> None:
        """Let couriers look; OSError if one of them cannot deliver."""
        errors = []
        for name, courier in self._couriers.items():
            if tick.changes:
                courier.wake()
            self._board.show(DELIVERED, float(courier.delivered), name)
            if courier.error:
                errors.append(courier.error)
        if errors:
            raise OSError("; ".join(errors))

    def close(self) -> None:
        """End every courier."""
        end = monotonic() + _CLOSE_SECONDS
        for courier in self._couriers.values():
            courier.stop()
        for courier in self._couriers.values():
            courier.join(max(end - monotonic(), 0.0))
