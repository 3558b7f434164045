import math

from aisec_daemon.host.nvml.fields import INDEX
from aisec_daemon.host.nvml.node import Node
from tests.fake_nvml import scenario


def opened(fake, *instances):
    world = scenario.node()
    world["gpus"][0]["mig"] = list(instances)
    driver = fake(world)
    node = Node()
    node.open(0, "")
    return driver, world["gpus"][0], node


def read(node, clock):
    rows = node.read(0, clock.now).rows
    clock.now += 1.0
    return rows


def test_instances_are_rows_beside_their_gpu(fake, clock):
    _, gpu, node = opened(fake, scenario.mig(0), scenario.mig(1))
    read(node, clock)
    whole, first, second = read(node, clock)

    assert whole.identity.kind == "gpu"
    assert (first.identity.kind, first.identity.parent) == ("mig", gpu["uuid"])
    assert (first.identity.gpu_instance_id, second.identity.gpu_instance_id) == ("7", "8")
    assert first.numbers[INDEX["memory_size_bytes"]] == 18 * scenario.GIB
    assert first.numbers[INDEX["sm_active_ratio"]] == 0.35
    assert first.numbers[INDEX["utilization_ratio"]] == 0.4
    assert math.isnan(first.numbers[INDEX["power_watts"]])


def test_processes_belong_to_their_instance_alone(fake, clock):
    """The GPU itself lists none, or their memory would count twice."""
    _, gpu, node = opened(fake, scenario.mig(0, processes=[scenario.process(5)]), scenario.mig(1))
    gpu["processes"] = [scenario.process(5)]
    rows = read(node, clock)

    assert [[x.pid for x in row.processes] for row in rows] == [[], [5], []]


def test_an_mps_process_of_an_instance_is_found_on_its_turn(fake, clock):
    _, gpu, node = opened(fake, scenario.mig(0))
    gpu["mig"][0]["processes"] = [scenario.process(5), scenario.process(6, kind="mps")]
    for _ in range(30):
        _, instance = read(node, clock)

    assert {x.pid: x.kinds for x in instance.processes} == {5: ("compute",), 6: ("mps",)}


def test_a_new_shape_is_found_within_half_a_minute(fake, clock):
    driver, gpu, node = opened(fake, scenario.mig(0), scenario.mig(1))
    read(node, clock)
    gpu["mig"] = [scenario.mig(4, gpu_instance=1)]
    for _ in range(31):
        rows = read(node, clock)

    assert [row.identity.uuid for row in rows[1:]] == [gpu["mig"][0]["uuid"]]
    assert driver.samples_allocated <= 3  # those of lost instances went back


def test_an_announced_shape_is_found_at_once(fake, clock):
    """After event 0x100 handles are opened anew, also where a UUID is used again."""
    _, gpu, node = opened(fake, scenario.mig(0), scenario.mig(1))
    read(node, clock)
    gpu["mig"] = [scenario.mig(0, gpu_instance=2)]
    reader = node._gpus[0].reader
    rows = reader.read(clock.now, reshaped=True)

    assert [row.identity.gpu_instance_id for row in rows[1:]] == ["2"]


def test_switching_mig_off_brings_the_whole_gpu_back(fake, clock):
    _, gpu, node = opened(fake, scenario.mig(0))
    read(node, clock)
    gpu["mig"] = None
    for _ in range(63):
        rows = read(node, clock)

    assert len(rows) == 1
    assert rows[0].numbers[INDEX["sm_active_ratio"]] == 0.58


def test_a_failed_look_loses_no_instance(fake, clock):
    """An instance whose slot cannot be read now, or whose GPU does not tell its mode, stays."""
    _, gpu, node = opened(fake, scenario.mig(0), scenario.mig(1))
    read(node, clock)
    gpu["errors"] = dict.fromkeys(
        ["nvmlDeviceGetMigDeviceHandleByIndex", "nvmlDeviceGetMigMode"], 999
    )
    for _ in range(70):
        rows = read(node, clock)

    assert len(rows) == 3


def test_an_instance_that_fails_is_a_row_with_its_error(fake, clock):
    _, gpu, node = opened(fake, scenario.mig(0))
    read(node, clock)
    gpu["errors"] = dict.fromkeys(["nvmlDeviceGetMemoryInfo_v2", "nvmlGpmMigSampleGet"], 999)
    _, failed = read(node, clock)
    gpu["errors"] = {}
    _, healed = read(node, clock)

    assert failed.error
    assert math.isnan(failed.numbers[INDEX["memory_used_bytes"]])
    assert healed.error == ""
