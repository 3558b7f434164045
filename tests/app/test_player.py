"""The bundled node: what a newcomer without a GPU sees."""

from __future__ import annotations

from queue import Queue
from time import sleep

import numpy as np

from aisec_daemon.app import catalogue
from aisec_daemon.app.clock import Clock
from aisec_daemon.app.player import Player, Tape, bundled, demo, moved
from aisec_daemon.app.settings import load
from aisec_daemon.model.decoder import Decoder
from aisec_daemon.pipeline.pipeline import Pipeline
from tests.traces import demo_node


def test_the_bundled_recording_is_what_its_generator_makes():
    assert bundled() == demo_node.recording(), "python -m tests.traces.demo_node"


def test_it_tells_of_the_miner_and_of_the_gpu_that_falls_off_the_bus_and_of_nothing_else():
    tables, decoder = catalogue.tables(), Decoder(catalogue.tables())
    pipeline = Pipeline(tables, load(None).enabled("detectors"), demo_node.PERIODS)
    told = []
    for line in bundled().splitlines():
        snapshot = decoder.decode(line)
        if snapshot is not None:
            changes = pipeline.step(snapshot).changes
            told += [(c.what, c.finding.rule.name, c.finding.subjects) for c in changes]

    lost = demo_node.uuid(demo_node.LOST_GPU)
    assert ("opened", "blind", (f"gpu/{lost}",)) in told
    assert ("opened", "gpu_vanished", (lost,)) in told
    assert ("opened", "mining", (f"{demo_node.uuid(7)}/7400:740000",)) in told
    others = [subjects for _, rule, subjects in told if rule != "mining"]
    assert all(demo_node.uuid(6) in s or "0000:7b:00.0" in s for found in others for s in found)
    assert {rule for _, rule, _ in told} == {"blind", "gpu_vanished", "mining"}


def test_it_plays_as_if_it_happened_now():
    clock, inbox = Clock(), Queue()
    player = Player(demo(), clock, inbox)
    begun = clock.now()
    player.start()
    first = inbox.get(timeout=5)
    player.stop()

    assert 0 <= first.time - begun < 5
    assert demo().periods == demo_node.PERIODS


def test_timestamps_move_with_the_time():
    snapshot = next(s for s in demo_node.snapshots() if s.table.name == "process")
    later = moved(snapshot, snapshot.time + 100.0)

    column = "start_timestamp_seconds"
    np.testing.assert_array_equal(later[column] - snapshot[column], 100)
    np.testing.assert_array_equal(later["cpu_seconds"], snapshot["cpu_seconds"])


def test_it_plays_as_fast_as_it_is_told_and_says_when_it_ended():
    snapshots = [s for s in demo_node.snapshots() if s.table.name == "gpu"][:50]
    inbox: Queue = Queue()
    tape = Tape("x", {"gpu": 1.0}, lambda: iter(snapshots), speed=500.0)
    player = Player(tape, Clock(), inbox)
    player.start()
    times = [inbox.get(timeout=5).time for _ in snapshots]

    np.testing.assert_allclose(np.diff(times), 1 / 500, atol=1e-6)
    while not player.ended:
        sleep(0.01)
