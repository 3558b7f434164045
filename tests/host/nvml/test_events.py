import time

from aisec_daemon.host.nvml.node import Node
from tests.fake_nvml import scenario


def wait_for(condition):
    end = time.monotonic() + 10
    while not (found := condition()) and time.monotonic() < end:
        time.sleep(0.02)
    return found


def test_an_xid_is_told_once_with_its_gpu(fake, clock):
    world = scenario.node(gpus=2)
    world["gpus"][1]["xids"] = [31]  # before anyone listened
    fake(world)
    node = Node()
    for index in range(2):
        node.open(index, "")
    before = time.monotonic()
    world["gpus"][1]["xids"] = [31, 79]
    (xid,) = wait_for(lambda: node.read(1, clock.now).xids)

    assert xid.code == 79
    assert before <= xid.monotonic <= time.monotonic()
    assert node.read(0, clock.now).xids == ()
    assert node.read(1, clock.now).xids == ()


def test_where_events_are_not_supported_nothing_is_known(fake, clock):
    world = scenario.node()
    world["gpus"][0]["errors"]["nvmlDeviceGetSupportedEventTypes"] = 3
    fake(world)
    node = Node()
    node.open(0, "")

    assert node.read(0, clock.now).xids is None


def test_what_could_not_be_arranged_at_first_is_tried_again_every_minute(fake, clock):
    """A transient error takes the Xids from nobody."""
    world = scenario.node()
    world["gpus"][0]["errors"]["nvmlDeviceRegisterEvents"] = 999
    driver = fake(world)
    node = Node()
    node.open(0, "")
    told = []
    for _ in range(90):
        told.append(node.read(0, clock.now).xids)
        world["gpus"][0]["errors"] = {} if len(told) > 30 else world["gpus"][0]["errors"]
        clock.now += 1

    assert told == [None] * 60 + [()] * 30
    assert driver.calls["nvmlDeviceRegisterEvents"] == 3


def test_a_new_mig_shape_is_announced(fake, clock):
    world = scenario.node()
    gpu = world["gpus"][0]
    gpu["mig"] = [scenario.mig(0)]
    fake(world)
    node = Node()
    node.open(0, "")
    node.read(0, clock.now)
    gpu["mig"] = [scenario.mig(3), scenario.mig(4)]

    assert wait_for(lambda: len(node.read(0, clock.now).rows) == 3)
