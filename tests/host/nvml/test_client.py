"""The whole: a client, its children, and a driver that misbehaves."""

import math
import os
import threading
import time

import psutil
import pytest

from aisec_daemon.host.errors import UnreadableError
from aisec_daemon.host.nvml.client import Nvml
from aisec_daemon.host.nvml.fields import INDEX
from aisec_daemon.host.tally import Tally
from tests.fake_nvml import scenario

POWER = INDEX["power_watts"]
MEMORY_CALL = "nvmlDeviceGetMemoryInfo_v2"


def read_until(nvml, condition, seconds=20.0):
    """Read until a reading fulfils the condition; return it."""
    end = time.monotonic() + seconds
    said = "nothing"
    while time.monotonic() < end:
        try:
            reading = nvml.read()
        except UnreadableError as error:
            said = str(error)
        else:
            said = str([gpu.error for gpu in reading.gpus])
            if condition(reading):
                return reading
        time.sleep(0.02)
    raise AssertionError(said)


def all_good(reading):
    return not any(gpu.error for gpu in reading.gpus)


def bad(reading):
    return [gpu.index for gpu in reading.gpus if gpu.error]


def fails_with(nvml, text, seconds=20.0):
    end = time.monotonic() + seconds
    said = []
    while time.monotonic() < end:
        try:
            nvml.read()
        except UnreadableError as error:
            said.append(str(error))
            if text in said[-1]:
                return
        time.sleep(0.02)
    raise AssertionError(said)


def late_in_a_row(nvml, wanted, readings=4):
    """Return how often just these GPUs were late in a row; on a busy machine others may be once."""
    count = 0
    for _ in range(20):
        try:
            late = bad(nvml.read())
        except UnreadableError:  # all of them
            late = None
        count = count + 1 if late == wanted else 0
        if count == readings:
            break
        time.sleep(0.05)
    return count


def children():
    """Pids of this process's children, zombies included."""
    return {child.pid for child in psutil.Process().children()}


def test_gpus_processes_and_calls_are_read(rig):
    world = scenario.node(gpus=2)
    world["gpus"][1]["processes"] = [scenario.process(4321)]
    rig.put(world)
    reading = read_until(rig.nvml, all_good)
    calls = {row[0].call: row[1] for row in rig.tally.rows() if row[0].code == "SUCCESS"}

    assert reading.driver_version == "570.86.10"
    assert [gpu.identity.pci_bus_id for gpu in reading.gpus] == ["0000:1b:00.0", "0000:2b:00.0"]
    assert [[x.pid for x in gpu.processes] for gpu in reading.gpus] == [[], [4321]]
    assert calls["nvmlDeviceGetFieldValues"] >= 2
    assert calls["field/186"] >= 2


def test_a_hanging_gpu_is_late_alone(rig):
    """Others answer in every reading while one takes seconds a call, and it comes back."""
    world = scenario.node(gpus=4)
    rig.put(world)
    read_until(rig.nvml, all_good)
    others = len(children()) - 1
    world["gpus"][2]["hang"] = {MEMORY_CALL: 60.0}
    rig.put(world)
    late = late_in_a_row(rig.nvml, [2])
    stuck = next(gpu for gpu in rig.nvml.read().gpus if gpu.index == 2)
    world["gpus"][2]["hang"] = {}
    rig.put(world)
    read_until(rig.nvml, all_good)

    assert late >= 4
    assert stuck.read_age_seconds > 0.3
    assert math.isnan(stuck.numbers[POWER])
    assert len(children()) <= others + 2


def test_two_hanging_gpus_are_late_alone(rig):
    """The second one costs the main child its life, not the others their readings."""
    world = scenario.node(gpus=4)
    rig.put(world)
    read_until(rig.nvml, all_good)
    others = len(children()) - 1
    world["gpus"][0]["hang"] = world["gpus"][3]["hang"] = {"*": 30.0}
    rig.put(world)
    late = late_in_a_row(rig.nvml, [0, 3])

    assert late >= 4
    assert len(children()) <= others + 2


def test_a_gpu_that_hangs_from_the_start_does_not_hide_the_others(rig, monkeypatch):
    """And has a row of its own, once it had time to answer."""
    monkeypatch.setattr("aisec_daemon.host.nvml.roster.SILENT_SECONDS", 1.0)
    world = scenario.node(gpus=3)
    world["gpus"][1]["hang"] = {"nvmlDeviceGetHandleByIndex_v2": 60.0}
    rig.put(world)
    reading = read_until(rig.nvml, lambda reading: len(reading.gpus) >= 2)

    assert {0, 2} <= {gpu.index for gpu in reading.gpus if not gpu.error}

    reading = read_until(rig.nvml, lambda reading: len(reading.gpus) == 3)
    silent = reading.gpus[1]

    assert (silent.index, silent.identity.uuid) == (1, "unknown-1")
    assert "no answer" in silent.error
    assert silent.read_age_seconds >= 1.0


def test_a_lost_gpu_disturbs_nobody_and_comes_back(rig):
    world = scenario.node(gpus=3)
    rig.put(world)
    read_until(rig.nvml, all_good)
    world["gpus"][1]["code"] = 15
    rig.put(world)
    readings = [rig.nvml.read() for _ in range(5)]
    lost = readings[-1].gpus[1]
    world["gpus"][1]["code"] = 0
    rig.put(world)

    assert [bad(reading) for reading in readings] == [[1]] * 5
    assert "GPU_IS_LOST" in lost.error
    assert math.isnan(lost.numbers[POWER])
    assert lost.identity.uuid == world["gpus"][1]["uuid"]
    assert lost.read_age_seconds > 0
    assert bad(read_until(rig.nvml, all_good)) == []


def test_the_only_gpu_lost_keeps_its_row(rig):
    world = scenario.node()
    rig.put(world)
    read_until(rig.nvml, all_good)
    world["gpus"][0]["code"] = 15
    rig.put(world)
    readings = [rig.nvml.read() for _ in range(3)]

    assert [bad(reading) for reading in readings] == [[0]] * 3


def test_a_gpu_that_fell_off_the_bus_goes_with_the_next_enumeration(rig):
    world = scenario.node(gpus=3)
    rig.put(world)
    read_until(rig.nvml, all_good)
    world["gpus"][1]["code"] = 15
    rig.put(world)
    rig.nvml.read()
    gone = world["gpus"].pop(1)["uuid"]
    world["driver"] |= {"generation": 2, "stale_code": 15}
    rig.put(world)
    reading = read_until(rig.nvml, lambda reading: len(reading.gpus) == 2 and all_good(reading))

    assert gone not in {gpu.identity.uuid for gpu in reading.gpus}


def test_a_crash_costs_a_gpu_its_place_only_the_second_time(rig):
    world = scenario.node(gpus=3)
    rig.put(world)
    read_until(rig.nvml, all_good)
    world["gpus"][0]["crash"] = MEMORY_CALL
    rig.put(world)
    read_until(rig.nvml, lambda reading: bad(reading) == [0])
    readings = [rig.nvml.read() for _ in range(3)]
    world["gpus"][0]["crash"] = ""
    rig.put(world)

    assert [bad(reading) for reading in readings] == [[0]] * 3
    read_until(rig.nvml, all_good)


@pytest.mark.parametrize("stale", [1, 15, 999], ids=["uninitialized", "lost", "unknown"])
def test_a_reloaded_driver_is_picked_up(rig, stale):
    """Handles of the old driver are void; a fresh child talks to the new one."""
    world = scenario.node(gpus=2)
    rig.put(world)
    read_until(rig.nvml, all_good)
    world["driver"] |= {"generation": 2, "version": "580.65.06", "stale_code": stale}
    rig.put(world)
    reading = read_until(
        rig.nvml, lambda reading: reading.driver_version == "580.65.06" and all_good(reading)
    )

    assert len(reading.gpus) == 2


@pytest.mark.parametrize(
    ("state", "word"),
    [("absent", "LIBRARY_NOT_FOUND"), (9, "DRIVER_NOT_LOADED"), (18, "LIB_RM_VERSION_MISMATCH")],
)
def test_without_a_driver_nothing_is_readable_until_there_is_one(rig, state, word):
    world = scenario.node(state=state)
    rig.put(world)
    fails_with(rig.nvml, word)
    world["driver"]["state"] = "ok"
    rig.put(world)

    assert all_good(read_until(rig.nvml, all_good))


def test_a_driver_that_hangs_as_a_whole_is_named_in_time(rig):
    rig.put(scenario.node(init_hang=60.0))
    nvml = Nvml(Tally(), period_seconds=0.0, deadline_seconds=0.3)
    started = time.monotonic()
    with pytest.raises(UnreadableError, match="NVML has not opened") as caught:
        nvml.read()
    took = time.monotonic() - started
    nvml.close()

    assert caught.value.sensor == "nvml"
    assert took < 5.0


def test_releasing_lets_go_at_once_and_resuming_takes_up_again(rig):
    others = children()  # what other tests left behind
    rig.put(scenario.node())
    read_until(rig.nvml, all_good)
    before = children() - others
    rig.nvml.release()
    held = children() & before
    with pytest.raises(UnreadableError, match="released by the operator"):
        rig.nvml.read()
    assert rig.nvml.released
    rig.nvml.resume()

    assert before
    assert held == set()
    assert all_good(read_until(rig.nvml, all_good))


def test_a_release_ends_by_itself(rig):
    rig.put(scenario.node())
    nvml = Nvml(Tally(), deadline_seconds=5.0, release_seconds=0.0)
    nvml.release()

    assert not nvml.released
    assert all_good(read_until(nvml, all_good))
    nvml.close()


def test_callers_within_half_a_period_share_a_reading(rig):
    rig.put(scenario.node())
    nvml = Nvml(Tally(), period_seconds=1000.0, deadline_seconds=5.0)
    shared = [nvml.read() for _ in range(2)]
    nvml.close()

    assert shared[0] is shared[1]


def test_who_waited_for_a_reading_shares_it(rig):
    rig.put(scenario.node())
    read_until(rig.nvml, all_good)
    readings = []
    barrier = threading.Barrier(3)

    def read():
        barrier.wait()
        readings.append(rig.nvml.read())

    threads = [threading.Thread(target=read) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(readings) == 3
    assert all(all_good(reading) for reading in readings)


def test_closing_leaves_neither_child_nor_zombie(rig):
    rig.put(scenario.node())
    before = children()
    read_until(rig.nvml, all_good)
    started = children() - before
    rig.nvml.close()

    assert started
    assert not started & children()


def test_a_child_ends_when_its_parent_is_gone(rig):
    """The end of its commands is the end of it: no orphan keeps the GPUs open."""
    rig.put(scenario.node())
    read_until(rig.nvml, all_good)
    child = rig.nvml._supervisor._crew.main.child
    child._process.stdin.close()

    assert child.is_dead(10.0)
    assert os.WIFEXITED(child._process.returncode)


def test_xids_are_counted_across_children(rig):
    world = scenario.node(gpus=2)
    rig.put(world)
    read_until(rig.nvml, all_good)
    world["gpus"][0]["xids"] = [79]
    rig.put(world)
    count = INDEX["xid_errors"]
    reading = read_until(rig.nvml, lambda reading: reading.gpus[0].numbers[count] == 1.0)

    assert reading.gpus[0].numbers[INDEX["xid_last_code"]] == 79.0
    assert reading.gpus[1].numbers[count] == 0.0
    rig.nvml.close()
    assert read_until(rig.nvml, all_good).gpus[0].numbers[count] == 1.0
