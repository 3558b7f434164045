"""A small table for tests of the pipeline."""

from __future__ import annotations

import numpy as np

from aisec_daemon.model import Column, Kind, Label, Snapshot, Table

TABLE = Table(
    "gpu",
    "A table for tests.",
    columns=(
        Column("power_watts", "Power."),
        Column("energy_joules", "Energy.", Kind.COUNTER),
        Column("start_timestamp_seconds", "Start.", Kind.TIMESTAMP),
    ),
    labels=(Label("user", "Who."),),
    series=("user",),
)


def snapshot(time: float, rows: dict[str, tuple[float, float]], user: str = "alice") -> Snapshot:
    """Build a snapshot from `{subject: (power, energy)}`."""
    values = np.array([[power, energy, np.nan] for power, energy in rows.values()])
    labels = {"user": (user,) * len(rows)}
    return Snapshot(TABLE, time, tuple(rows), values.reshape(len(rows), 3), labels)
