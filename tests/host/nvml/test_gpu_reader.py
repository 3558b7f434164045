"""One GPU and its MIG instances against the fake driver, in this process."""

import math

import pytest

from aisec_daemon.host.nvml.events import WAIT_MILLISECONDS
from aisec_daemon.host.nvml.fields import FIELDS
from aisec_daemon.host.nvml.library import LostError
from aisec_daemon.host.nvml.node import Node
from tests.fake_nvml import scenario


def opened(fake, world):
    driver = fake(world)
    node = Node()
    for index in range(node.count):
        node.open(index, "")
    return driver, node


def numbers(node, clock, index=0, row=0):
    answer = node.read(index, clock.now)
    clock.now += 1.0
    return dict(zip(FIELDS, answer.rows[row].numbers, strict=True))


def unread(read):
    return {name for name, number in read.items() if math.isnan(number)}


def calls(driver):
    """Calls about GPUs; the wait for events runs in real time, beside the minute of a test."""
    return sum(n for name, n in driver.calls.items() if name != "nvmlEventSetWait_v2")


def test_everything_is_read_of_a_healthy_gpu(fake, clock):
    """After two readings only modes are missing, and what comes with an Xid."""
    _, node = opened(fake, scenario.node())
    numbers(node, clock)
    numbers(node, clock)
    read = numbers(node, clock)

    late = {"persistence_mode_ratio", "accounting_mode_ratio"}
    assert {name for name in unread(read) if not name.startswith("xid")} == late
    assert read["memory_used_bytes"] == 40 * scenario.GIB
    assert read["utilization_ratio"] == pytest.approx(0.6)
    assert read["utilization_max_ratio"] == 0.7
    assert read["power_watts"] == 410.0
    assert read["power_max_watts"] == 420.0
    assert read["power_stddev_watts"] == pytest.approx(10.0)
    assert read["power_limit_watts"] == 700.0
    assert read["energy_joules"] == 5000.0
    assert read["memory_clock_max_hertz"] == 3201e6
    assert read["pcie_receive_bytes"] == 2 * 200 * 2**20
    assert read["nvlink_receive_bytes"] == 2000 * 1024
    assert read["sm_clock_hertz"] == 1980e6
    assert read["memory_clock_hertz"] == 3201e6
    assert read["clock_event_sw_power_cap_ratio"] == 1.0
    assert read["clock_event_gpu_idle_ratio"] == 0.0
    assert read["pipe_integer_ratio"] == 0.12
    assert read["dram_active_ratio"] == 0.25
    assert read["ecc_corrected_aggregate_errors"] == 12.0


def test_modes_are_asked_in_place_of_others(fake, clock):
    """They come in the first half of a minute, follow a change, and nothing else goes missing."""
    world = scenario.node()
    world["gpus"][0]["accounting"] = 1
    driver, node = opened(fake, world)
    for _ in range(30):
        read = numbers(node, clock)
    assert (read["persistence_mode_ratio"], read["accounting_mode_ratio"]) == (1.0, 1.0)

    world["gpus"][0] |= {"persistence": 0, "accounting": 0}
    for _ in range(60):
        read = numbers(node, clock)
        assert not math.isnan(read["encoder_utilization_ratio"])
    assert (read["persistence_mode_ratio"], read["accounting_mode_ratio"]) == (0.0, 0.0)
    assert driver.calls["nvmlDeviceGetAccountingMode"] == 2
    assert driver.calls["nvmlDeviceGetDecoderUtilization"] == 4


@pytest.mark.parametrize("idle", [False, True])
def test_a_minute_costs_at_most_nine_calls_a_second(fake, clock, idle):
    world = scenario.node()
    world["gpus"][0]["processes"] = [scenario.process(1)]
    if idle:
        world["gpus"][0]["samples"] = {"utilization": None, "memory": None, "power": [60_000]}
    driver, node = opened(fake, world)
    for _ in range(60):
        numbers(node, clock)

    waits = 60 / (WAIT_MILLISECONDS / 1000)  # of the event thread, in a real minute
    assert calls(driver) + waits <= 9 * 60
    assert driver.calls["nvmlDeviceGetPcieThroughput"] == 0


def test_a_flapping_source_of_samples_stays_within_the_budget(fake, clock):
    """Samples that come and go neither cost more nor starve the power samples."""
    world = scenario.node()
    gpu = world["gpus"][0]
    gpu["processes"] = [scenario.process(1)]
    driver, node = opened(fake, world)
    for second in range(60):
        gpu["samples"]["utilization"] = [50] if second % 2 else None
        read = numbers(node, clock)

    assert calls(driver) <= 9 * 60
    assert read["power_max_watts"] == 420.0


@pytest.mark.parametrize("instances", [1, 7])
def test_a_mig_instance_costs_at_most_four_calls_more(fake, clock, instances):
    world = scenario.node()
    world["gpus"][0]["mig"] = [scenario.mig(i) for i in range(instances)]
    driver, node = opened(fake, world)
    for _ in range(60):
        numbers(node, clock)

    assert calls(driver) / 60 <= 9 + 4 * instances


def test_no_reading_after_the_first_is_heavy(fake, clock):
    """Slow calls take turns: at most one rides along, whatever the reading."""
    driver, node = opened(fake, scenario.node())
    heaviest = 0
    numbers(node, clock)
    for _ in range(40):
        before = calls(driver)
        numbers(node, clock)
        heaviest = max(heaviest, calls(driver) - before)

    assert heaviest <= 10


def test_a_slow_value_is_carried_until_its_turn_fails(fake, clock):
    world = scenario.node()
    _, node = opened(fake, world)
    numbers(node, clock)
    world["gpus"][0]["temperature"] = 80
    carried = numbers(node, clock)["temperature_celsius"]
    world["gpus"][0]["errors"]["nvmlDeviceGetTemperatureV"] = 999
    for _ in range(30):
        last = numbers(node, clock)["temperature_celsius"]

    assert carried == 55.0
    assert math.isnan(last)


def test_a_transient_error_disables_nothing(fake, clock):
    world = scenario.node()
    _, node = opened(fake, world)
    world["gpus"][0]["errors"] = {
        "nvmlDeviceGetMemoryInfo_v2": 999,
        "nvmlDeviceGetFieldValues": 999,
        "nvmlGpmSampleGet": 999,
    }
    during = numbers(node, clock)
    world["gpus"][0]["errors"] = {}
    numbers(node, clock)
    after = numbers(node, clock)

    assert {"memory_used_bytes", "power_watts", "sm_active_ratio"} <= unread(during)
    assert not {"memory_used_bytes", "power_watts", "sm_active_ratio"} & unread(after)


def test_what_is_not_supported_is_not_asked_again(fake, clock):
    world = scenario.node()
    world["gpus"][0]["errors"] = {"nvmlDeviceGetSamples": 3, "nvmlDeviceGetProcessUtilization": 3}
    world["gpus"][0]["processes"] = [scenario.process(1)]
    driver, node = opened(fake, world)
    for _ in range(5):
        read = numbers(node, clock)

    assert driver.calls["nvmlDeviceGetSamples"] == 2  # of utilisation and of power, once each
    assert driver.calls["nvmlDeviceGetProcessUtilization"] == 1
    assert read["utilization_ratio"] == 0.55


def test_each_field_is_judged_by_itself(fake, clock):
    """A failed field is NaN beside good ones, whatever stands in its value."""
    world = scenario.node()
    world["gpus"][0]["errors"] = {"field/186": 999}
    del world["gpus"][0]["fields"]["138"]
    _, node = opened(fake, world)
    read = numbers(node, clock)

    assert math.isnan(read["power_watts"])
    assert math.isnan(read["nvlink_transmit_bytes"])
    assert read["nvlink_receive_bytes"] == 2000 * 1024
    assert read["power_average_watts"] == 405.0


def test_energy_is_asked_for_every_fifteenth_time_and_carried_between(fake, clock):
    """It costs milliseconds; once its turn fails it is not read."""
    world = scenario.node()
    _, node = opened(fake, world)
    read = []
    for second in range(46):
        world["gpus"][0]["fields"]["83"] = 1_000_000 * second
        world["gpus"][0]["errors"]["field/83"] = 999 if second > 35 else 0
        read.append(numbers(node, clock)["energy_joules"])

    assert sorted(set(read[:40])) == [0.0, 25_000.0]
    assert math.isnan(read[45])


def test_the_highest_clock_is_asked_for_until_it_is_known_and_never_again(fake, clock):
    world = scenario.node()
    world["gpus"][0]["errors"]["nvmlDeviceGetMaxClockInfo"] = 999
    driver, node = opened(fake, world)
    first = numbers(node, clock)["memory_clock_max_hertz"]
    world["gpus"][0]["errors"] = {}
    for _ in range(60):
        last = numbers(node, clock)["memory_clock_max_hertz"]

    assert math.isnan(first)
    assert last == 3201e6
    assert driver.calls["nvmlDeviceGetMaxClockInfo"] == 2


def test_a_highest_clock_that_is_not_supported_is_asked_for_once(fake, clock):
    world = scenario.node()
    world["gpus"][0]["errors"]["nvmlDeviceGetMaxClockInfo"] = 3
    driver, node = opened(fake, world)
    for _ in range(40):
        read = numbers(node, clock)

    assert math.isnan(read["memory_clock_max_hertz"])
    assert driver.calls["nvmlDeviceGetMaxClockInfo"] == 1


def test_unknown_memory_is_not_read(fake, clock):
    world = scenario.node()
    world["gpus"][0]["memory"]["used"] = scenario.UNKNOWN_SIZE
    world["gpus"][0]["processes"] = [scenario.process(1, memory=scenario.UNKNOWN_SIZE)]
    _, node = opened(fake, world)
    (row,) = node.read(0, clock.now).rows

    assert math.isnan(row.numbers[FIELDS.index("memory_used_bytes")])
    assert math.isnan(row.processes[0].numbers[0])


def test_power_is_the_newest_sample_where_there_is_no_field(fake, clock):
    world = scenario.node()
    del world["gpus"][0]["fields"]["186"]
    _, node = opened(fake, world)

    assert numbers(node, clock)["power_watts"] in (400.0, 420.0)


@pytest.mark.parametrize("code", [1, 9, 15, 16, 17, 18, 28])
def test_a_lost_gpu_is_an_answer(fake, clock, code):
    world = scenario.node()
    _, node = opened(fake, world)
    world["gpus"][0]["code"] = code
    answer = node.read(0, clock.now)

    assert (answer.rows, answer.code) == ((), code)
    assert answer.error


def test_unknown_to_everything_is_lost_after_three_readings(fake, clock):
    world = scenario.node()
    _, node = opened(fake, world)
    numbers(node, clock)
    numbers(node, clock)
    world["gpus"][0]["code"] = 999
    codes = [node.read(0, clock.now).code for _ in range(3)]

    assert codes == [0, 0, 999]


def test_unknown_to_one_call_is_not_lost(fake, clock):
    world = scenario.node()
    world["gpus"][0]["errors"]["nvmlDeviceGetMemoryInfo_v2"] = 999
    _, node = opened(fake, world)

    assert [node.read(0, clock.now).code for _ in range(5)] == [0] * 5


@pytest.mark.parametrize(
    "missing",
    [
        ["nvmlDeviceGetMemoryInfo_v2"],
        ["nvmlDeviceGetTemperatureV"],
        ["nvmlDeviceGetCurrentClocksEventReasons"],
        ["nvmlDeviceGetComputeRunningProcesses_v3"],
    ],
)
def test_an_older_driver_has_an_older_call(fake, clock, missing):
    """A symbol that is missing is no crash, and what can be read otherwise is."""
    world = scenario.node(missing=missing)
    world["gpus"][0]["processes"] = [scenario.process(9)]
    _, node = opened(fake, world)
    (row,) = node.read(0, clock.now).rows
    read = dict(zip(FIELDS, row.numbers, strict=True))

    assert [process.pid for process in row.processes] == [9]
    wanted = {"memory_used_bytes", "temperature_celsius", "clock_event_gpu_idle_ratio"}
    assert not wanted & unread(read)


def test_lost_while_opening(fake):
    world = scenario.node()
    world["gpus"][0]["errors"]["nvmlDeviceGetUUID"] = 15
    fake(world)
    node = Node()

    with pytest.raises(LostError):
        node.open(0, "")
