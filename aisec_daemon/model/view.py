"""Views: what a detector is given of one table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from aisec_daemon.model.snapshot import Snapshot


@dataclass(frozen=True, eq=False)
class View:
    """A table's latest snapshot and, for the columns a detector asked for, its past.

    `times` is (T,) float64, rising; `past[name]` is (T, S) float32 in the order of
    `latest.subjects`, NaN where a subject was not there or not read. A counter is found there as
    its rate, under its name with `_per_second`.
    """

    time: float
    latest: Snapshot
    times: NDArray[np.float64]
    past: Mapping[str, NDArray[np.float32]]

    @classmethod
    def of(cls, snapshot: Snapshot, time: float) -> View:
        """Return the view of a snapshot without a past."""
        return cls(time, snapshot, np.empty(0), {})

    @property
    def subjects(self) -> tuple[str, ...]:
        """Subjects of the latest snapshot."""
        return self.latest.subjects

    def label(self, name: str) -> tuple[str | None, ...]:
        """Words of one label, one a subject."""
        return self.latest.labels[name]

    def __getitem__(self, name: str) -> NDArray[np.float32]:
        """Return the past of one column, (T, S)."""
        return self.past[name]
