import pynvml
import pytest

from aisec_daemon.host.nvml.arrays import Array
from aisec_daemon.host.nvml.library import Library, NvmlError
from aisec_daemon.host.nvml.samples import UTILIZATION, Samples
from tests.fake_nvml import scenario
from tests.fake_nvml.driver import GPU_ADDRESS


@pytest.mark.parametrize("boot_relative", [False, True])
def test_new_samples_are_those_since_the_last_call(fake, clock, boot_relative):
    """The driver's timestamps go back verbatim, whatever they count from."""
    fake(scenario.node(boot_relative=boot_relative))
    pynvml.nvmlInit()
    samples = Samples(Library(), GPU_ADDRESS, UTILIZATION)
    first = samples.read()
    clock.now += 1.0
    second = samples.read()

    assert len(first) == 6  # of 120 in the driver's buffer only the newest second
    assert len(second) in (5, 6)
    assert samples.read() == []


def test_one_call_is_enough(fake):
    driver = fake(scenario.node())
    pynvml.nvmlInit()
    Samples(Library(), GPU_ADDRESS, UTILIZATION).read()

    assert driver.calls["nvmlDeviceGetSamples"] == 1


def test_an_idle_gpu_has_none(fake):
    world = scenario.node()
    world["gpus"][0]["samples"]["utilization"] = None
    fake(world)
    pynvml.nvmlInit()

    with pytest.raises(NvmlError, match="NOT_FOUND"):
        Samples(Library(), GPU_ADDRESS, UTILIZATION).read()


def test_an_array_grows_when_the_driver_wants_more(fake):
    world = scenario.node()
    world["gpus"][0]["processes"] = [scenario.process(pid) for pid in range(1, 301)]
    driver = fake(world)
    pynvml.nvmlInit()
    array = Array(Library(), pynvml.c_nvmlProcessInfo_v2_t, length=4)
    call = "nvmlDeviceGetComputeRunningProcesses_v3"
    for _ in range(2):
        found = array.fill(call, lambda count, items: (GPU_ADDRESS, count, items))

    assert [item.pid for item in found] == list(range(1, 301))
    assert driver.calls[call] == 3
