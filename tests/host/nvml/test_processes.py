import math

import pynvml
import pytest

from aisec_daemon.host.nvml.library import Library
from aisec_daemon.host.nvml.processes import Processes
from tests.fake_nvml import scenario
from tests.fake_nvml.driver import GPU_ADDRESS


@pytest.fixture
def world():
    return scenario.node()


@pytest.fixture
def gpu(world):
    return world["gpus"][0]


@pytest.fixture
def processes(fake, world):
    def start(**driver):
        world["driver"].update(driver)
        start.driver = fake(world)
        pynvml.nvmlInit()
        return Processes(Library(), GPU_ADDRESS)

    return start


def used(listed):
    return {process.pid: process.numbers[1] for process in listed}


def test_all_kinds_are_listed(processes, gpu):
    gpu["processes"] = [
        scenario.process(1),
        scenario.process(2, kind="graphics"),
        scenario.process(3, kind="mps"),
        scenario.process(1, kind="graphics"),
    ]
    listed = {process.pid: process.kinds for process in processes().read()}

    assert listed == {1: ("compute", "graphics"), 2: ("graphics",), 3: ("mps",)}


def test_nobody_is_an_empty_list_and_costs_no_utilisation(processes):
    reader = processes()

    assert reader.read() == ()
    assert processes.driver.calls["nvmlDeviceGetProcessUtilization"] == 0


def test_a_list_that_failed_is_not_empty(processes, gpu):
    gpu["processes"] = [scenario.process(1)]
    reader = processes()
    reader.read()
    gpu["errors"]["nvmlDeviceGetComputeRunningProcesses_v3"] = 4

    assert reader.read() is None


def test_nobody_working_is_zero(processes, gpu):
    """NOT_FOUND is the driver's word for it."""
    gpu["processes"] = [scenario.process(1)]
    gpu["process_samples"] = []

    assert used(processes().read()) == {1: 0.0}


def test_without_new_samples_nothing_is_known(processes, gpu, clock):
    """SUCCESS with no samples, which pynvml raises as an error of code 0."""
    gpu["processes"] = [scenario.process(1)]
    reader = processes()
    reader.read()

    assert math.isnan(used(reader.read())[1])


def test_garbage_is_dropped(processes, gpu):
    """Percentages beyond 100, pids that are not on this GPU, and samples of long ago."""
    gpu["processes"] = [scenario.process(1), scenario.process(2), scenario.process(3)]
    gpu["process_samples"] = [
        {**scenario.process(1, sm=40), "age": 0.1},
        {**scenario.process(1, sm=60), "age": 0.2},
        {**scenario.process(1, sm=4_000_000), "age": 0.0},
        {**scenario.process(1, sm=99), "age": 30.0},
        {**scenario.process(2, sm=101), "age": 0.0},
        {**scenario.process(777, sm=50), "age": 0.0},
    ]
    read = used(processes().read())

    assert read[1] == 0.5
    assert math.isnan(read[2])
    assert read[3] == 0.0
    assert set(read) == {1, 2, 3}


@pytest.mark.parametrize("boot_relative", [False, True])
def test_the_newest_timestamp_goes_back(processes, gpu, clock, boot_relative):
    gpu["processes"] = [scenario.process(1, sm=10)]
    reader = processes(boot_relative=boot_relative)
    first = used(reader.read())
    clock.now += 1.0
    gpu["processes"] = [scenario.process(1, sm=90)]

    assert (first, used(reader.read())) == ({1: 0.1}, {1: 0.9})


def test_the_larger_layout_of_early_535_drivers_scrambles_nothing(processes, gpu):
    gpu["processes"] = [scenario.process(pid, memory=pid * 2**20) for pid in (11, 12, 13)]
    reader = processes(missing=["nvmlDeviceGetRunningProcessDetailList"])
    listed = {process.pid: process.numbers[0] for process in reader.read()}

    assert listed == {11: 11 * 2**20, 12: 12 * 2**20, 13: 13 * 2**20}
