"""Cost: what the daemon costs as a whole, and what it may, as a table like any other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from aisec_daemon.model import Column, Kind, Label, Snapshot, Table
from aisec_daemon.pipeline.shedding import Shedding

_OWN, _CHILD = (("process", "daemon"),), (("process", "child"),)
_CPU = "Processor time of the daemon itself, and of the processes that talk to the driver."
_MEMORY = "Memory of each, a page that several share in proportion (Pss of smaps_rollup)."

TABLE = Table(
    "cost",
    "What the daemon costs as a whole, what it may cost, and what it sheds to keep up.",
    columns=(
        Column("own_cpu_seconds", _CPU, Kind.COUNTER, "cpu_seconds", _OWN),
        Column("child_cpu_seconds", _CPU, Kind.COUNTER, "cpu_seconds", _CHILD),
        Column("own_memory_bytes", _MEMORY, Kind.GAUGE, "memory_bytes", _OWN),
        Column("child_memory_bytes", _MEMORY, Kind.GAUGE, "memory_bytes", _CHILD),
        Column("cpu_budget_ratio", "Share of one core that it may use."),
        Column("memory_budget_bytes", "Memory that it may use."),
        Column(
            "behind_seconds",
            "Time since the pipeline last came to the end of its queue; some ms where it keeps up.",
        ),
        Column("shed_steps", "Steps by which tables are read more rarely; 0 for as often as set."),
        Column("most_shed_steps", "Steps that there are."),
    ),
    labels=(
        Label("shed", "tables that are read more rarely, and how much: `program x4 process x2`"),
        Label("why", "what pressed when that began, else empty"),
    ),
    series=(),
)


@dataclass(frozen=True)
class Budget:
    """What the daemon may cost: a share of one core, and memory of all its processes."""

    cpu_ratio: float = 0.1
    memory_bytes: float = 256 * 1024 * 1024


def snapshot(
    time: float,
    spent: Mapping[str, float],
    budget: Budget,
    shedding: Shedding,
    behind_seconds: float,
) -> Snapshot:
    """Return the table as of `time`; `spent` are CPU and memory by their columns' names."""
    numbers = {
        **spent,
        "cpu_budget_ratio": budget.cpu_ratio,
        "memory_budget_bytes": budget.memory_bytes,
        "behind_seconds": behind_seconds,
        "shed_steps": float(shedding.step),
        "most_shed_steps": float(shedding.steps),
    }
    words = {"shed": shedding.words, "why": shedding.why}
    return Snapshot.from_rows(TABLE, time, {"daemon": (numbers, words)})
