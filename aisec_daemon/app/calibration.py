"""Calibration of drift: from recordings of many nodes to one file, and from it into a pipeline."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from aisec_daemon.app import catalogue
from aisec_daemon.app.settings import Settings
from aisec_daemon.detectors.drift import Drift, budget, sharing
from aisec_daemon.detectors.drift.pool import BLOCK_SECONDS
from aisec_daemon.model import State, Tick
from aisec_daemon.numerics import calibration
from aisec_daemon.numerics.profile import SCORES
from aisec_daemon.pipeline.pipeline import Pipeline

if TYPE_CHECKING:
    from aisec_daemon.app.traces import Trace  # a daemon that starts reads none

_MARK, _VERSION = "aisec_drift_calibration", 2
_RULE = Drift.rule.name


class CalibrationError(Exception):
    """A file that cannot be used; the message says why."""


def learned(trace: Trace, settings: Settings, tick: Callable[[Tick], None]) -> State:
    """Play a recording of one node through drift alone; return what it remembers then."""
    detectors = [d for d in settings.enabled("detectors") if d.rule.name == _RULE]
    pipeline = Pipeline(catalogue.tables(), detectors, trace.periods)
    for snapshot in trace.snapshots():
        tick(pipeline.step(snapshot))
    if _RULE not in pipeline.states:
        raise CalibrationError("the detector drift is not enabled in the settings")
    return pipeline.states[_RULE]


def write(file: Path, states: Sequence[State]) -> Mapping[str, Any]:
    """Write the block maxima of all nodes; return them by kind."""
    kinds = sharing.pooled(states)
    file.write_text(json.dumps({_MARK: _VERSION, "nodes": len(states), "kinds": kinds}) + "\n")
    return kinds


def read(file: Path) -> Mapping[str, Any]:
    """Return the block maxima of a file by kind."""
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
        if content[_MARK] != _VERSION:
            raise CalibrationError(f"{file}: version {content[_MARK]} is not known")
        kinds: Mapping[str, Any] = content["kinds"]
    except OSError as error:
        raise CalibrationError(f"{file} cannot be read: {error.strerror}") from error
    except (ValueError, KeyError, TypeError) as error:
        raise CalibrationError(f"{file} is no calibration: {error!r}") from error
    return kinds


def install(pipeline: Pipeline) -> str:
    """Give drift the file that its settings name; return a sentence if that cannot be done."""
    drift = next((d for d in pipeline.detectors if isinstance(d, Drift)), None)
    if drift is None:
        return ""
    alone = sharing.installed(pipeline.states[_RULE], {})
    try:
        kinds = read(Path(drift.calibration)) if drift.calibration else {}
        pipeline.states[_RULE] = sharing.installed(alone, kinds)
    except (CalibrationError, ValueError, KeyError, TypeError, AttributeError) as error:
        pipeline.states[_RULE] = alone
        return f"drift is calibrated on this node alone: {drift.calibration}: {error}"
    return ""


class Line(NamedTuple):
    """One kind of a file: for how long it was watched, in how many blocks, and its thresholds."""

    kind: str
    watched_seconds: float
    blocks: int
    thresholds: tuple[float, ...]  # of each score

    @property
    def provisional(self) -> bool:
        """Whether a node that has only this goes on with the thresholds that are shipped."""
        return self.watched_seconds < budget.ENOUGH_SPANS * BLOCK_SECONDS


def lines(kinds: Mapping[str, Any], weekly: float) -> Iterator[Line]:
    """Yield of each kind what each score passes so often a series-week."""
    share = weekly / len(SCORES) * BLOCK_SECONDS / budget.WEEK_SECONDS
    for kind, known in kinds.items():
        scores = [(np.array(known[name]["largest"]), known[name]["blocks"]) for name in SCORES]
        yield Line(
            kind,
            known["spans"] * BLOCK_SECONDS,
            min(blocks for _, blocks in scores),
            tuple(calibration.threshold(largest, share, blocks) for largest, blocks in scores),
        )
