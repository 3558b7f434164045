"""Remembered: what pipeline and detectors have to tell of their memory, on the page."""

from __future__ import annotations

from aisec_daemon.model.exposition import Board, Family
from aisec_daemon.pipeline.pipeline import Pipeline

EVICTED = Family(
    "aisec_history_evicted_subjects",
    "gauge",
    "Subjects whose past had to go for want of room since the settings were last read.",
)


def show(board: Board, pipeline: Pipeline) -> None:
    """Put it on the board."""
    board.show(EVICTED, float(pipeline.evicted))
    for detector in pipeline.detectors:
        gauges = getattr(detector, "gauges", None)
        if gauges is not None:
            for name, about, value in gauges(pipeline.states[detector.rule.name]):
                board.show(Family(name, "gauge", about), value)
