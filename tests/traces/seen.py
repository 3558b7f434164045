"""What a trace shows of one scene, as arrays: for tests of the generators."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from aisec_daemon.model import Snapshot
from tests.traces.generators import Scene, Truth, generate

SECONDS = 300


@dataclass(frozen=True, eq=False)
class Seen:
    """A node's snapshots and the truth of its only scene."""

    snapshots: tuple[Snapshot, ...]
    truth: Truth

    def table(self, name: str) -> list[Snapshot]:
        return [s for s in self.snapshots if s.table.name == name]

    def times(self, table: str = "gpu") -> NDArray[np.float64]:
        return np.array([s.time for s in self.table(table)])

    def gpu(self, column: str, gpu: int = 0, after: float = 30.0) -> NDArray[np.float64]:
        """Return a column of one of the scene's GPUs, from `after` seconds of its begin on."""
        uuid, since = self.truth.gpus[gpu], self.truth.begin + after
        rows = [s for s in self.table("gpu") if since <= s.time < self.truth.end]
        return np.array([s[column][s.subjects.index(uuid)] for s in rows])

    def before(self, column: str) -> NDArray[np.float64]:
        """Return a column of the scene's first GPU, before the scene began."""
        uuid = self.truth.gpus[0]
        rows = [s for s in self.table("gpu") if s.time < self.truth.begin]
        return np.array([s[column][s.subjects.index(uuid)] for s in rows])

    def words(self, table: str, label: str) -> set[str | None]:
        """Return the words of the scene's own rows of a table, at any time."""
        found: set[str | None] = set()
        for snapshot in self.table(table):
            who = snapshot.labels.get("process", snapshot.subjects)
            mine = zip(who, snapshot.labels[label], strict=True)
            found |= {word for process, word in mine if process in self.truth.processes}
        return found


def seen(
    family: str,
    evasion: str = "",
    card: str = "h200",
    gpus: int = 1,
    seed: int = 1,
    seconds: int = SECONDS,
) -> Seen:
    """Return a node on which one scene plays."""
    rng = np.random.default_rng(seed)
    snapshots, (truth,) = generate(rng, card, [Scene(family, evasion, gpus)], seconds)
    return Seen(tuple(snapshots), truth)
