"""What samplers read reaches the pipeline, and what went wrong reaches upkeep."""

from __future__ import annotations

import time
from dataclasses import dataclass
from queue import Queue
from threading import Event, Thread
from types import SimpleNamespace
from typing import ClassVar

import pytest

from aisec_daemon.app.clock import Clock
from aisec_daemon.app.pace import Pace
from aisec_daemon.app.sampling import Sampling, Strain, _meter
from aisec_daemon.detectors.blind import Blind
from aisec_daemon.host.errors import UnreadableError
from aisec_daemon.model import Snapshot, State, Table, View
from aisec_daemon.pipeline.upkeep import Upkeep
from tests.pipeline.tables import TABLE, snapshot


@dataclass(frozen=True)
class Reads:
    """A sampler that does `meanwhile` while it reads."""

    meanwhile: object
    table: ClassVar[Table] = TABLE
    period: float = 2.0

    def read(self, host: object, time: float) -> Snapshot:
        self.meanwhile()
        return snapshot(time, {"a": (1, 1)})


@pytest.fixture
def host():
    return SimpleNamespace(processes=SimpleNamespace(connector_error=""))


def sampling(host, *samplers, factor=1, room=0):
    pace = Pace({TABLE.name: 2.0}, lambda table: factor)
    return Sampling(host, samplers, Upkeep(), Clock(), Queue(room), pace)


def parts(made):
    row = made._upkeep.snapshot(made._clock.now())
    return dict(zip(row.subjects, row.labels["error"], strict=True))


def test_a_reading_that_ends_after_the_stop_is_not_passed_on(host):
    """Another round samples by then: time would go back."""
    made = sampling(host)
    made._turn(Reads(lambda: None))
    made._turn(Reads(made.stop))

    assert made._inbox.qsize() == 1


def test_the_log_calls_a_part_as_the_alerts_do(host, caplog):
    """They say: journalctl -u aisec-daemon -g sampler/process."""

    def fails() -> None:
        raise UnreadableError("proc", "/proc cannot be read")

    sampling(host)._turn(Reads(fails))

    assert caplog.messages == [f"sampler/{TABLE.name}: /proc cannot be read"]


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


def test_a_sampler_that_is_shed_reads_at_every_second_turn_and_says_so(host):
    made = sampling(host, factor=2)
    for _ in range(5):
        made._turn(Reads(lambda: None))
    told = made._upkeep.snapshot(made._clock.now())

    assert made._inbox.qsize() == 3
    assert (told["runs"][0], told["shed_runs"][0], told["period_seconds"][0]) == (3, 2, 4.0)
    assert (told["failed_runs"][0], told.labels["error"][0]) == (0, "")


def test_a_turn_costs_the_cpu_of_its_own_thread_and_not_what_it_waits():
    host = SimpleNamespace(processes=SimpleNamespace(connector_error="no"))
    made = sampling(host)
    made._turn(Reads(lambda: time.sleep(0.1)))
    waited = made._upkeep.slowest("sampler")
    made._turn(Reads(lambda: sum(range(3_000_000))))
    told = made._upkeep.snapshot(made._clock.now())

    assert waited < 0.02
    assert made._upkeep.slowest("sampler") > 2 * waited
    assert 0.01 < told["cpu_seconds"][0] < told["busy_seconds"][0]


def test_a_turn_that_goes_on_costs_what_it_has_cost_so_far():
    """Else whoever makes a reader compute for minutes makes it look idle."""
    host = SimpleNamespace(processes=SimpleNamespace(connector_error="no"))
    made, begun, ended = sampling(host), Event(), Event()

    def compute():
        begun.set()
        while not ended.is_set():
            sum(range(1000))

    thread = Thread(target=made._turn, args=(Reads(compute),))
    thread.start()
    begun.wait()
    try:
        costs = []
        while len(costs) < 100 and made._upkeep.slowest("sampler") < 0.02:
            costs.append(made._upkeep.snapshot(made._clock.now())["cpu_seconds"][0])
            time.sleep(0.1)
        running = made._upkeep.snapshot(made._clock.now())
    finally:
        ended.set()
        thread.join()

    assert running["runs"][0] == 0
    assert running["cpu_seconds"][0] > 0.02
    assert costs == sorted(costs)
    assert made._upkeep.snapshot(made._clock.now())["cpu_seconds"][0] >= running["cpu_seconds"][0]


def test_the_meter_of_a_thread_that_has_ended_says_nothing(monkeypatch):
    meter = _meter()

    def gone(clock):
        raise OSError(22, "Invalid argument")

    monkeypatch.setattr("aisec_daemon.app.sampling.clock_gettime", gone)

    assert meter() == 0.0


def test_a_reading_that_finds_no_place_is_dropped_and_counted(host):
    made = sampling(host, room=1)
    for _ in range(3):
        made._turn(Reads(lambda: None))

    assert made.strain.take() == (0.0, 2)
    assert made.strain.take() == (0.0, 0)


def test_the_worst_lateness_is_told_once():
    strain = Strain()
    for seconds in (0.1, 2.0, float("nan"), 0.3):
        strain.late(seconds)

    assert strain.take() == (2.0, 0)
    assert strain.take() == (0.0, 0)
