"""What the daemon costs in counts that do not depend on the machine; `make bench` has the times."""

from __future__ import annotations

import gc
import json
import os
import subprocess
import sys
import tracemalloc
from collections import Counter
from contextlib import closing, suppress
from itertools import count
from pathlib import Path
from types import SimpleNamespace

import pytest

from aisec_daemon.app.settings import load
from aisec_daemon.host.errors import UnreadableError
from aisec_daemon.host.host import Host
from aisec_daemon.host.nvml.child import serve
from aisec_daemon.host.nvml.frames import encode
from aisec_daemon.host.nvml.node import Node
from aisec_daemon.host.proc.processes import Processes
from aisec_daemon.host.program import programs
from aisec_daemon.host.tally import Tally
from aisec_daemon.samplers.process import Process
from tests.bench import nvml_calls, replay
from tests.bench.churn import ChurningNode
from tests.bench.crowd import crowd, processes_now
from tests.bench.node import GPUS
from tests.bench.soak import Soak
from tests.bench.step import Second
from tests.host.proc.tree import KEY, Tree

SYSCALLS = ("open", "read", "pread", "close", "listdir", "stat", "readlink")


@pytest.mark.parametrize("name", sorted(nvml_calls.LIMITS))
def test_a_node_stays_within_its_nvml_calls(name):
    """Eight GPUs through the child's own loop, as the parent drives it."""
    made = nvml_calls.worlds()[name]

    assert len(made["gpus"]) == GPUS
    assert nvml_calls.per_gpu_and_second(made) <= nvml_calls.LIMITS[name]


def test_a_reading_of_the_gpus_is_two_small_frames_a_gpu():
    """One says which is being read, one what was read, and the last that all are done."""
    sent = []
    now = [5000.0]
    asked = json.dumps(dict.fromkeys(range(GPUS), "")).encode()
    with nvml_calls.fake(nvml_calls.worlds()["busy"], now):

        def commands():
            for _ in range(3):
                sent.clear()
                yield asked
                now[0] += 1.0

        serve(Node(), commands(), sent.append, lambda: now[0])

    assert len(sent) == 2 * GPUS + 1
    assert sum(len(encode(frame)) for frame in sent) < 2048 * GPUS


def read_counts(monkeypatch, tmp_path, processes):
    """Count the calls of a steady reading of so many processes, sampler and all."""
    tmp_path.mkdir()
    tree = Tree(tmp_path)
    for pid in range(10, 10 + processes):
        tree.add(pid)
    tally = Tally()
    calls = Counter()
    with closing(Processes(tree.root, tally, KEY, connector=False)) as reader:
        host = Host(tree.root, tally, None, reader)
        sampler = Process()
        sampler.read(host, 1.0)
        with monkeypatch.context() as patch:
            for name in SYSCALLS:
                patch.setattr(os, name, counted(calls, name))
            snapshot = sampler.read(host, 3.0)
    assert len(snapshot.subjects) == processes
    return calls


def counted(calls, name):
    real = getattr(os, name)

    def call(*given, **more):
        calls[name] += 1
        return real(*given, **more)

    return call


def test_one_process_more_is_one_pread_more(monkeypatch, tmp_path):
    """And nothing else that a reading asks of the kernel grows with them."""
    few = read_counts(monkeypatch, tmp_path / "few", 20)
    many = read_counts(monkeypatch, tmp_path / "many", 120)

    assert many["pread"] - few["pread"] == 100
    assert many - few == Counter(pread=100)


LISTED = (*SYSCALLS, "lstat", "pidfd_open")


def kernel_calls(monkeypatch, folder, processes):
    """Count the calls of a steady turn of every sampler, by table, with so many processes there."""
    folder.mkdir()
    node = ChurningNode(folder, processes)
    counts = {}
    for second in range(1, 14):  # the first turns meet everybody
        clock = SimpleNamespace(monotonic=lambda now=second: float(now))
        monkeypatch.setattr(programs, "time", clock)  # the last turn asks who is on a GPU
        node.pass_to(second, births=0)
        for sampler in load(None).enabled("samplers"):
            calls = counts[sampler.table.name] = Counter()
            with monkeypatch.context() as patch, suppress(UnreadableError):
                for name in LISTED:
                    patch.setattr(os, name, counted(calls, name))
                sampler.read(node.host, 1e9 + second)
    node.processes.close()
    return counts


def test_no_other_sampler_reads_files_of_a_process_that_is_on_no_gpu(monkeypatch, tmp_path):
    """`program` asks whether one has opened a GPU's node since, which is one call."""
    few = kernel_calls(monkeypatch, tmp_path / "few", 140)
    many = kernel_calls(monkeypatch, tmp_path / "many", 240)
    more = {name: many[name] - few[name] for name in many}

    assert more.pop("process") == Counter(pread=100)
    assert 90 <= more.pop("program").total() <= 110
    assert sum(calls.total() for calls in more.values()) <= 3
    assert few["gpu"].total() == few["gpu_process"].total() == 0


def test_processes_that_come_and_go_leave_nothing_behind(tmp_path):
    """`python -m tests.bench soak` does this for hours."""
    soak = Soak(tmp_path, processes=80)
    soak.run(120, births=10)
    before = soak.held()
    blocks = sys.getallocatedblocks()
    soak.run(120, births=10)
    after = soak.held()
    grown = sys.getallocatedblocks() - blocks
    soak.close()

    assert after.born - before.born == 1200
    assert after.closed > 0
    assert after.descriptors == before.descriptors
    assert grown < 8000  # of some 300,000: detectors still learn


def modules(imported):
    """Name what a fresh Python has loaded after importing this."""
    command = [sys.executable, "-c", f"import {imported}, sys; print(*sys.modules)"]
    return set(subprocess.run(command, capture_output=True, text=True, check=True).stdout.split())


HEAVY = {"scipy", "matplotlib", "pandas", "psutil", "yaml", "numpy.random", "numpy.fft"}


def test_the_child_that_talks_to_the_driver_loads_little():
    loaded = modules("aisec_daemon.host.nvml.child")

    assert loaded.isdisjoint(HEAVY | {"numpy", "pydantic", "orjson", "asyncio", "logging"})
    assert len(loaded) <= 150


def test_the_daemon_loads_nothing_heavy_and_none_of_the_other_commands():
    loaded = modules("aisec_daemon.cli, aisec_daemon.app.daemon")
    others = {f"aisec_daemon.app.{name}" for name in ("traces", "doctor", "once", "replay")}
    later = {"aisec_daemon.host.workload.workloads", "aisec_daemon.sinks.alerting.worker"}

    assert loaded.isdisjoint(HEAVY | others | later)
    assert len(loaded) <= 700


def transient_bytes(processes):
    """Return how much memory the steps of a steady second take and give back, one by one."""
    second = Second(8, processes)
    for at in range(3):
        second.costs(at)
    tracemalloc.start()
    try:
        second.show(second.step(second.due(10)), scraped=False)
        taken = 0
        for snapshot in second.due(20):
            before = tracemalloc.get_traced_memory()[0]
            tracemalloc.reset_peak()
            second.show(second.step([snapshot]), scraped=False)
            taken += tracemalloc.get_traced_memory()[1] - before
        return taken
    finally:
        tracemalloc.stop()


def test_a_process_more_is_no_allocation_more():
    """What a step needs for a row of processes are some numbers, and no objects."""
    few, many = transient_bytes(200), transient_bytes(600)

    assert (many - few) / 400 <= 200
    assert many < 2_000_000


def function_calls(work):
    """Count the functions, Python's and C's, that this work calls in this thread."""
    ticks = count()

    def note(frame, event, argument):
        if event in ("call", "c_call"):
            next(ticks)

    sys.setprofile(note)
    try:
        work()
    finally:
        sys.setprofile(None)
    return next(ticks)


def judging(gpus, processes):
    """Return how many functions a steady second of step and page calls on such a node."""
    second = Second(gpus, processes)
    for at in range(3):
        second.costs(at)
    snapshots = second.due(4)
    return function_calls(lambda: second.show(second.step(snapshots)))


def test_the_cost_of_judging_grows_no_faster_than_the_processes():
    """Python's loops over rows are few: a row more is a handful of calls more, not hundreds."""
    few, more, most = (judging(8, processes) for processes in (100, 300, 500))

    assert (more - few) / 200 <= 12
    assert most - more <= 1.1 * (more - few) + 200


def test_a_gpu_more_costs_no_more_than_its_cells():
    few, more = judging(8, 100), judging(16, 100)

    assert (more - few) / 8 <= 400


def test_a_steady_node_keeps_no_memory():
    """After its first seconds the daemon holds as many objects as a minute later."""
    second = Second(8, 100)

    def held(first, last):
        for at in range(first, last):
            second.show(second.step(second.due(at)))
        gc.collect()
        return sys.getallocatedblocks()

    held(0, 40)
    before = held(40, 80)
    after = held(80, 120)

    assert after - before < 1000


@pytest.mark.parametrize("write", [replay.write_log, replay.write_recording])
def test_what_the_replay_is_measured_with_is_read_whole(write, tmp_path):
    """A line that is not understood would make it look fast."""
    write(tmp_path / "made", 30)

    assert replay.seconds_to_replay(tmp_path / "made", 30) > 0
    with pytest.raises(AssertionError):
        replay.seconds_to_replay(tmp_path / "made", 31)


def test_the_crowd_comes_and_goes():
    """The benchmarks' own processes, which must not stay behind."""
    with crowd(processes_now() + 20) as pids:
        assert all(Path(f"/proc/{pid}").exists() for pid in pids)

    assert len(pids) >= 10
    assert not any(Path(f"/proc/{pid}").exists() for pid in pids)
