"""Table `output`: what models put out since the last reading."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np

from aisec_daemon.host.host import Host
from aisec_daemon.model import Column, Kind, Label, Snapshot, Table


@dataclass(frozen=True)
class Output:
    """A row per model that a source is configured for, or that the intake heard of.

    Sources are set under `[host]`: `outputs` and `outputs_listen`. Without one, the table is empty.
    """

    table: ClassVar[Table] = Table(
        "output",
        "Outputs of models, as their servers write them down.",
        columns=(
            Column("value_rows", "values that came since the last reading"),
            Column("left_out_rows", "values beyond those, that were too many for one reading"),
            Column("refused_rows", "lines of all models that were no output", Kind.COUNTER),
        ),
        labels=(
            Label("model", "name of the model"),
            Label("values", "the values, joined by spaces, as they were written"),
            Label("error", "why its source cannot be read, else empty"),
        ),
        series=("model",),
    )

    period: Annotated[float, "seconds between readings"] = 1.0

    def read(self, host: Host, time: float) -> Snapshot:
        """Read what came; UnreadableError if the intake cannot listen."""
        reader = host.outputs
        found = reader.read() if reader is not None else {}
        refused = float(reader.refused) if reader is not None else 0.0
        numbers = [
            (np.nan if one.error else len(one.values), one.left_out, refused)
            for one in found.values()
        ]
        return Snapshot(
            self.table,
            time,
            tuple(found),
            np.array(numbers, np.float64).reshape(len(found), 3),
            {
                "model": tuple(found),
                "values": tuple(
                    None if one.error else " ".join(one.values) for one in found.values()
                ),
                "error": tuple(one.error for one in found.values()),
            },
        )
