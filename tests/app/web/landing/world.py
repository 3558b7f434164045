"""Findings and snapshots for tests of the page."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from aisec_daemon.app import catalogue
from aisec_daemon.model import Finding, Rule, Severity, Snapshot, Status, Tick

RULE = Rule("blind", "Cannot see", Severity.HIGH, "An upgrade.", technique="T1562.001")
FINDING = Finding(
    "1", RULE, "k", Status.OPEN, Severity.HIGH, ("s",), 1.5, 2.0, 1.0, 2.0, float("nan"), "Because."
)
TABLES = catalogue.tables()


def take(table: str, time: float, rows: Mapping[str, tuple[Mapping, Mapping]]) -> Tick:
    """Return the tick of one snapshot; what a row lacks is unread."""
    snapshot = Snapshot.from_rows(TABLES[table], time, rows)
    return Tick(time, snapshot, lambda: np.full(snapshot.values.shape, np.nan), (), ())


def gpu(index: str = "0", name: str = "NVIDIA H200", **numbers: float) -> tuple[dict, dict]:
    """Return a row of `gpu`."""
    return numbers, {"index": index, "name": name, "kind": "gpu"}


def program(word: str, memory: float = 2**30) -> tuple[dict, dict]:
    """Return a row of `gpu_process` whose every word is one word."""
    words = dict.fromkeys(TABLES["gpu_process"].label_names, word)
    return {"memory_used_bytes": memory}, words
