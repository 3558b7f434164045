"""One look at the node: every sampler read twice, judged by the very pipeline of the daemon."""

from __future__ import annotations

import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from aisec_daemon.app import catalogue
from aisec_daemon.app.clock import Clock
from aisec_daemon.app.node import close_host, open_host
from aisec_daemon.app.sampling import periods
from aisec_daemon.app.settings import Settings
from aisec_daemon.app.state import StateDir
from aisec_daemon.host.errors import UnreadableError
from aisec_daemon.host.host import Host
from aisec_daemon.model import Finding, Snapshot, State, Verdict
from aisec_daemon.pipeline.pipeline import Judge, Pipeline
from aisec_daemon.pipeline.upkeep import Upkeep
from aisec_daemon.samplers import Sampler

GPU_SECONDS = 10.0
"""How long opening NVML and the first reading of all GPUs may take."""


@dataclass
class Look:
    """What was seen at `time`, seconds since 1970.

    `increase` holds by how much counters rose per second, (S, F) beside a snapshot's values, NaN
    where unknown. `unreadable` says why a table, or a rule's judgement, is not there. `findings`
    are all that is past the line, told or not yet; the worst first.
    """

    time: float
    tables: dict[str, Snapshot] = field(default_factory=dict)
    rates: dict[str, NDArray[np.float64]] = field(default_factory=dict)
    unreadable: dict[str, str] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()

    @property
    def exit_code(self) -> int:
        """1 if a finding is past the line that no exception permits, else 3 if blind, else 0."""
        if any(not finding.allowed for finding in self.findings):
            return 1
        return 3 if self.unreadable else 0


def look(settings: Settings, pause_seconds: float = 1.0) -> Look:
    """Read the node twice, `pause_seconds` apart, so that rates and GPM are known; write nothing.

    Without a memory: a rule that compares with the past finds none.
    """
    host = open_host(settings, _key(settings), connector=False, gpu_deadline_seconds=GPU_SECONDS)
    try:
        eye = _Eye(host, settings)
        eye.turn()
        time.sleep(pause_seconds)
        return eye.turn()
    finally:
        close_host(host)


def _key(settings: Settings) -> bytes:
    """Return the daemon's key where we may read it: hashes are then those of its findings."""
    try:
        return StateDir(settings.state).kept_key()
    except OSError:
        return secrets.token_bytes(32)


class _Eye:
    """Samplers and pipeline of one look."""

    def __init__(self, host: Host, settings: Settings) -> None:
        self._host = host
        self._clock = Clock()
        self._upkeep = Upkeep()
        self._faults: dict[str, str] = {}
        self._samplers: Sequence[Sampler] = settings.enabled("samplers")
        self._pipeline = Pipeline(
            catalogue.tables(),
            settings.enabled("detectors"),
            periods(settings),
            [permit.allow() for permit in settings.allow],
            self._guard,
        )
        for sampler in self._samplers:
            self._upkeep.expect(_part(sampler), sampler.period, self._clock.now())

    def turn(self) -> Look:
        """Let every sampler read and every detector judge; return what is seen now."""
        look = Look(self._clock.now())
        self._faults = look.unreadable
        for sampler in self._samplers:
            self._read(sampler, look)
        self._step(self._upkeep.snapshot(self._clock.now()), look)
        look.findings = _worst_first(self._pipeline)
        return look

    def _read(self, sampler: Sampler, look: Look) -> None:
        name, now, begun = sampler.table.name, self._clock.now(), time.perf_counter()
        error, sensor, snapshot = "", "", None
        try:
            snapshot = sampler.read(self._host, now)
        except UnreadableError as unreadable:
            error, sensor = str(unreadable), unreadable.sensor
        except Exception as fault:  # a faulty sampler must not hide what the others see
            error = f"fault in this sampler: {fault!r}"
        self._upkeep.ran(_part(sampler), now, time.perf_counter() - begun, error, sensor)
        if snapshot is None:
            look.unreadable[name] = error
        else:
            look.unreadable |= _unread_rows(snapshot)
            self._step(snapshot, look)

    def _step(self, snapshot: Snapshot, look: Look) -> None:
        name = snapshot.table.name
        before = self._pipeline.latest(name)
        tick = self._pipeline.step(snapshot)
        elapsed = snapshot.time - before.time if before else np.nan
        look.tables[name] = snapshot
        look.rates[name] = tick.increase / elapsed

    def _guard(self, rule: str, judge: Judge) -> tuple[State, Verdict] | None:
        try:
            return judge()
        except Exception as fault:  # a faulty detector must not hide what the others find
            self._faults[f"detector/{rule}"] = f"fault in this rule: {fault!r}"
            return None


def _unread_rows(snapshot: Snapshot) -> dict[str, str]:
    """Return `gpu/<uuid>` and why, for each row that says that it could not be read."""
    errors = snapshot.labels.get("error", ())
    rows = zip(snapshot.subjects, errors, strict=False)  # most tables have no such label
    return {f"{snapshot.table.name}/{subject}": error for subject, error in rows if error}


def _part(sampler: Sampler) -> str:
    return f"sampler/{sampler.table.name}"


def _worst_first(pipeline: Pipeline) -> tuple[Finding, ...]:
    findings = (case.finding for case in pipeline.casebook.cases)
    past = [finding for finding in findings if finding.score >= 1]
    return tuple(sorted(past, key=lambda f: (bool(f.allowed), -f.severity, -f.score, f.key)))


def seconds_until_told(finding: Finding, time: float) -> float:
    """Return how long a finding must go on before anyone is told; 0 if it is told already."""
    if not np.isnan(finding.opened):
        return 0.0
    return max(finding.rule.hold - (time - finding.since), 0.0)
