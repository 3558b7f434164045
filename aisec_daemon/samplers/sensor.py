"""Table `sensor`: how often each source was asked, and what it answered."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np

from aisec_daemon.host.host import Host
from aisec_daemon.model import Column, Kind, Label, Snapshot, Table


@dataclass(frozen=True)
class Sensor:
    """One row for each kind of call and of answer so far, failures among them."""

    table: ClassVar[Table] = Table(
        "sensor",
        "Calls to the sources of this host, by answer.",
        columns=(
            Column("calls", "number of calls that were answered so", Kind.COUNTER),
            Column("call_seconds", "time they took together", Kind.COUNTER),
        ),
        labels=(
            Label("sensor", "source that was asked"),
            Label("call", "function of the source, or file"),
            Label("code", "its answer"),
        ),
        series=("sensor", "call", "code"),
    )

    period: Annotated[float, "seconds between readings"] = 5.0

    def read(self, host: Host, time: float) -> Snapshot:
        """Copy the counts."""
        rows = host.tally.rows()
        values = np.array([(calls, seconds) for _, calls, seconds in rows], np.float64)
        return Snapshot(
            self.table,
            time,
            tuple("/".join(call) for call, _, _ in rows),
            values.reshape(len(rows), 2),
            {
                "sensor": tuple(call.sensor for call, _, _ in rows),
                "call": tuple(call.call for call, _, _ in rows),
                "code": tuple(call.code for call, _, _ in rows),
            },
        )
