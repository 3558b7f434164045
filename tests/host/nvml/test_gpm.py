import math

import pynvml
import pytest

from aisec_daemon.host.nvml.gpm import Gpm
from aisec_daemon.host.nvml.library import Library
from tests.fake_nvml import scenario
from tests.fake_nvml.driver import GPU_ADDRESS


@pytest.fixture
def gpu():
    return scenario.gpu(0)


@pytest.fixture
def gpm(fake, gpu):
    world = scenario.node()
    world["gpus"] = [gpu]
    fake(world)
    pynvml.nvmlInit()
    return Gpm(Library(), GPU_ADDRESS)


def after(gpm, clock, seconds):
    clock.now += seconds
    return gpm.read(clock.now)


def test_the_first_sample_says_nothing(gpm, clock):
    assert after(gpm, clock, 1) == {}
    assert after(gpm, clock, 1)["pipe_integer_ratio"] == 0.12


@pytest.mark.parametrize("seconds", [0.05, 601])
def test_a_window_too_short_or_too_long_is_not_judged(gpm, clock, seconds):
    after(gpm, clock, 1)

    assert after(gpm, clock, seconds) == {}
    assert after(gpm, clock, 1)["sm_active_ratio"] == 0.58


def test_two_samples_are_enough_and_go_back(fake, clock):
    driver = fake(scenario.node())
    pynvml.nvmlInit()
    gpm = Gpm(Library(), GPU_ADDRESS)
    for _ in range(10):
        after(gpm, clock, 1)
    allocated = driver.samples_allocated
    gpm.free()

    assert (allocated, driver.samples_allocated) == (2, 0)


@pytest.mark.parametrize("garbage", [-5.0, 150.0, 1e300])
def test_what_is_no_percentage_is_not_read(gpm, gpu, clock, garbage):
    gpu["gpm"]["4"] = garbage
    after(gpm, clock, 1)
    read = after(gpm, clock, 1)

    assert math.isnan(read["pipe_integer_ratio"])
    assert read["pipe_tensor_ratio"] == 0.4


def test_each_metric_has_its_own_answer(gpm, gpu, clock):
    """A metric that failed or is not supported is not read, whatever stands in its value."""
    gpu["errors"]["gpm/5"] = 999
    del gpu["gpm"]["11"]
    after(gpm, clock, 1)
    read = after(gpm, clock, 1)
    gpu["errors"] = {}

    assert not {"pipe_tensor_ratio", "pipe_fp64_ratio"} & read.keys()
    assert after(gpm, clock, 1)["pipe_tensor_ratio"] == 0.4


def test_before_hopper_there_is_none(fake, clock):
    world = scenario.node()
    world["gpus"][0]["gpm"] = None
    driver = fake(world)
    pynvml.nvmlInit()
    gpm = Gpm(Library(), GPU_ADDRESS)

    assert after(gpm, clock, 1) == {}
    assert driver.calls["nvmlGpmSampleGet"] == 0
