"""What samplers read reaches the pipeline, and what went wrong reaches upkeep."""

from __future__ import annotations

from dataclasses import dataclass
from queue import Queue
from types import SimpleNamespace
from typing import ClassVar

import pytest

from aisec_daemon.app.clock import Clock
from aisec_daemon.app.sampling import Sampling
from aisec_daemon.detectors.blind import Blind
from aisec_daemon.model import Snapshot, State, Table, View
from aisec_daemon.pipeline.upkeep import Upkeep
from tests.pipeline.tables import TABLE, snapshot


@dataclass(frozen=True)
class Reads:
    """A sampler that does `meanwhile` while it reads."""

    meanwhile: object
    table: ClassVar[Table] = TABLE
    period: float = 1.0

    def read(self, host: object, time: float) -> Snapshot:
        self.meanwhile()
        return snapshot(time, {"a": (1, 1)})


@pytest.fixture
def host():
    return SimpleNamespace(processes=SimpleNamespace(connector_error=""))


def sampling(host, *samplers):
    return Sampling(host, samplers, Upkeep(), Clock(), Queue())


def parts(made):
    row = made._upkeep.snapshot(made._clock.now())
    return dict(zip(row.subjects, row.labels["error"], strict=True))


def test_a_reading_that_ends_after_the_stop_is_not_passed_on(host):
    """Another round samples by then: time would go back."""
    made = sampling(host)
    made._turn(Reads(lambda: None))
    made._turn(Reads(made.stop))

    assert made._inbox.qsize() == 1


def test_a_connector_that_worked_and_fails_becomes_a_finding(host):
    made = sampling(host)
    made._note()
    well = parts(made)
    host.processes.connector_error = "the process connector failed: gone"
    made._note()
    later = made._upkeep.snapshot(made._clock.now() + 60)
    views = (View(later.time, later, later.values[:0, 0], {}), None, None, None)
    _, verdict = Blind()(State((), later.values[:0, :0]), *views)

    assert well == {"connector": ""}
    assert parts(made) == {"connector": "the process connector failed: gone"}
    assert verdict.score[verdict.subjects.index("connector")] >= 1


def test_a_connector_that_never_worked_is_no_part(host):
    """It was said at the start, and by doctor: polling is all that this node permits."""
    host.processes.connector_error = "needs CAP_NET_ADMIN"
    made = sampling(host)
    made._note()

    assert parts(made) == {}
