"""Costs: has the daemon look at what it costs, tell it, and shed what it cannot keep up with."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from aisec_daemon.app.clock import Clock
from aisec_daemon.host.own import Own, Usage
from aisec_daemon.model import Snapshot
from aisec_daemon.model.exposition import Board, Family
from aisec_daemon.pipeline import cost
from aisec_daemon.pipeline.cost import Budget
from aisec_daemon.pipeline.shedding import Pressure, Shedding
from aisec_daemon.pipeline.upkeep import Upkeep

_LOG = logging.getLogger(__name__)
PERIOD_SECONDS = 5.0
TREE_CPU = Family(
    "aisec_process_tree_cpu_seconds_total",
    "counter",
    "CPU time of the daemon and its child processes, user and system.",
)
TREE_MEMORY = Family(
    "aisec_process_tree_memory_bytes",
    "gauge",
    "Memory of the daemon and its child processes: proportional share (Pss of smaps_rollup), "
    "or resident size of those whose share cannot be read.",
)


class Costs:
    """Looks every five seconds; `look` belongs to the loop's thread, `factor` to any.

    What it tells does not wait in the queue: it must be told when that is full, too.
    """

    def __init__(self, upkeep: Upkeep, clock: Clock, board: Board, *, replaying: bool) -> None:
        self._own = Own()
        self._upkeep = upkeep
        self._clock = clock
        self._board = board
        self._replaying = replaying
        self._budget = Budget()
        self._shedding = Shedding(())
        self._looked = float("-inf")

    def arrange(self, budget: Budget, groups: Sequence[Sequence[str]]) -> None:
        """Take what the settings say; another order begins without shedding."""
        self._budget = budget
        if tuple(map(tuple, groups)) != self._shedding.groups:
            self._shedding = Shedding(groups)

    def factor(self, table: str) -> int:
        """Return by how much a table's period is stretched."""
        return self._shedding.factor(table)

    def due(self) -> bool:
        """Tell whether it is time to look."""
        return not 0 <= self._clock.now() - self._looked < PERIOD_SECONDS

    def look(self, behind_seconds: float, late_seconds: float, dropped: int) -> Snapshot | None:
        """Read what it costs, and shed or take back a step; return the table that tells it.

        While a recording is played there is none: what is played is another daemon's cost.
        """
        now, usage = self._clock.now(), self._own.read()
        self._looked = now
        self._board.show(TREE_CPU, usage.cpu_seconds)
        self._board.show(TREE_MEMORY, usage.memory_bytes)
        if self._replaying:
            return None
        self._shed(now, usage, behind_seconds, late_seconds, dropped)
        return cost.snapshot(now, usage._asdict(), self._budget, self._shedding, behind_seconds)

    def _shed(self, now: float, usage: Usage, behind: float, late: float, dropped: int) -> None:
        if dropped:
            _LOG.warning("the pipeline does not keep up: %d readings were dropped", dropped)
        before = self._shedding.step
        pressure = Pressure(
            behind_seconds=behind,
            dropped_readings=dropped,
            late_seconds=late,
            slow_ratio=self._upkeep.slowest("sampler"),
            cpu_seconds=usage.cpu_seconds,
            cpu_budget_ratio=self._budget.cpu_ratio,
        )
        if self._shedding.look(now, pressure):
            more = self._shedding.step > before
            _LOG.log(
                logging.WARNING if more else logging.INFO,
                "%s: step %d of %d, %s",
                f"read more rarely, since {self._shedding.why}"
                if more
                else "read more often again",
                self._shedding.step,
                self._shedding.steps,
                self._shedding.words or "everything as often as set",
            )
