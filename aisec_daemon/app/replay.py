"""Replay: recorded snapshots through the very step that live ones take, at full speed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from aisec_daemon.app import catalogue
from aisec_daemon.app.calibration import install
from aisec_daemon.app.settings import Settings, SettingsError
from aisec_daemon.app.traces import Trace
from aisec_daemon.model import Change, State, Tick, Verdict
from aisec_daemon.pipeline.pipeline import Judge, Pipeline


@dataclass
class Totals:
    """What was replayed: `seconds` is the time the recordings span, `findings` what was opened."""

    snapshots: int = 0
    seconds: float = 0.0
    bad_lines: int = 0
    findings: int = 0


@dataclass
class Watcher:
    """Who wants to know: of changes, of every tick, of every verdict."""

    change: Callable[[Change], None]
    tick: Callable[[Tick], None] = lambda _: None
    verdict: Callable[[str, float, Verdict], None] | None = None


def replay(trace: Trace, settings: Settings, watcher: Watcher, totals: Totals) -> Pipeline:
    """Play one trace to its end, count it in `totals`, and return the pipeline as it then is.

    SettingsError if the calibration that the settings name cannot be used.
    """
    now = 0.0

    def guard(rule: str, judge: Judge) -> tuple[State, Verdict]:
        answer = judge()
        if watcher.verdict is not None:
            watcher.verdict(rule, now, answer[1])
        return answer

    pipeline = Pipeline(
        catalogue.tables(),
        settings.enabled("detectors"),
        trace.periods,
        [permit.allow() for permit in settings.allow],
        guard,
    )
    if fault := install(pipeline):
        raise SettingsError(fault)
    first = None
    for snapshot in trace.snapshots():
        now = snapshot.time
        if first is None:
            first = now
        tick = pipeline.step(snapshot)
        totals.snapshots += 1
        for change in tick.changes:
            totals.findings += change.what == "opened"
            watcher.change(change)
        watcher.tick(tick)
    totals.seconds += now - first if first is not None else 0.0
    totals.bad_lines += trace.bad_line_count
    return pipeline


def complaints(trace: Trace, shown: int = 5) -> Sequence[str]:
    """Say which lines of a trace could not be read, the first of them by number."""
    lines = [f"{trace.path}:{number}: {why}" for number, why in trace.bad_lines[:shown]]
    more = trace.bad_line_count - len(lines)
    if more > 0:
        lines.append(f"{trace.path}: {more} more lines could not be read")
    if trace.jumps:
        lines.append(f"{trace.path}: the clock jumped {trace.jumps} times; that was mended")
    return lines
