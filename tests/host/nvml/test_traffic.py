"""Traffic over PCIe and NVLink against the fake driver: which source counts, and how far."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aisec_daemon.host.nvml.fields import FIELDS
from aisec_daemon.host.nvml.node import Node
from aisec_daemon.host.nvml.traffic import Unwrapped
from tests.fake_nvml import scenario

MEBIBYTE = 2**20
WRAP = 2**32


def readings(fake, clock, world, fields):
    """Read once for each value of field 198 in `fields`; return what each reading gave."""
    driver = fake(world)
    node = Node()
    node.open(0, "")
    read = []
    for value in fields:
        world["gpus"][0]["fields"]["198"] = value
        (row, *_) = node.read(0, clock.now).rows
        read.append(dict(zip(FIELDS, row.numbers, strict=True)))
        clock.now += 1.0
    return driver, read


def column(read, name):
    return [numbers[name] for numbers in read]


def test_gpm_counts_pcie_whatever_the_wrapping_counter_says(fake, clock):
    """200 MiB in each second from the second reading on; the field is not even asked for."""
    _, read = readings(fake, clock, scenario.node(), [WRAP - 1, 5, 4, 3])
    received = column(read, "pcie_receive_bytes")

    assert math.isnan(received[0])
    assert received[1:] == [200 * MEBIBYTE, 400 * MEBIBYTE, 600 * MEBIBYTE]


def test_without_gpm_a_counter_that_goes_round_once_is_followed(fake, clock):
    world = scenario.node()
    world["gpus"][0]["gpm"] = None
    _, read = readings(fake, clock, world, [0, WRAP - 10, WRAP - 1, 5])

    assert math.isnan(column(read, "pcie_receive_bytes")[0])
    assert column(read, "pcie_receive_bytes")[1:] == [0, 9, 15]


def test_without_gpm_one_that_goes_round_twice_counts_too_little_and_never_falls(fake, clock):
    world = scenario.node()
    world["gpus"][0]["gpm"] = None
    _, read = readings(fake, clock, world, [0, 100, (100 + 2 * WRAP + 7) % WRAP, 107])

    assert column(read, "pcie_receive_bytes")[1:] == [0, 7, 7]


def test_a_failed_reading_is_a_gap_and_what_went_meanwhile_is_counted(fake, clock):
    world = scenario.node()
    world["gpus"][0]["gpm"] = None
    _, read = readings(fake, clock, world, [0, 100, None, 130])
    received = column(read, "pcie_receive_bytes")

    assert math.isnan(received[2])
    assert math.isnan(received[3])  # what is not supported once is not asked for again

    world = scenario.node()
    world["gpus"][0]["gpm"] = None
    fake(world)
    node = Node()
    node.open(0, "")
    received = []
    for value, code in ((0, 0), (100, 0), (120, 999), (130, 0)):
        world["gpus"][0]["fields"]["198"] = value
        world["gpus"][0]["errors"]["field/198"] = code
        (row,) = node.read(0, clock.now).rows
        received.append(row.numbers[FIELDS.index("pcie_receive_bytes")])
        clock.now += 1.0

    assert math.isnan(received[2])
    assert (received[1], received[3]) == (0, 30)


def test_a_counter_of_64_bits_is_told_as_it_is(fake, clock):
    world = scenario.node()
    world["gpus"][0] |= {"gpm": None, "long_fields": [198]}
    _, read = readings(fake, clock, world, [0, 5 * WRAP, 5 * WRAP + 9])

    assert column(read, "pcie_receive_bytes")[1:] == [5 * WRAP, 5 * WRAP + 9]


def test_gpm_without_this_metric_leaves_it_to_the_counter(fake, clock):
    """Each direction for itself."""
    world = scenario.node()
    del world["gpus"][0]["gpm"]["21"]
    _, read = readings(fake, clock, world, [0, 50, 100, 150, 200])

    assert column(read, "pcie_receive_bytes")[-1] == 100
    assert column(read, "pcie_transmit_bytes")[-1] == 400 * MEBIBYTE


def test_a_gpu_that_is_cut_into_instances_is_followed_by_its_counter(fake, clock):
    """GPM has no samples of the whole GPU then."""
    world = scenario.node()
    world["gpus"][0]["mig"] = [scenario.mig(0)]
    _, read = readings(fake, clock, world, [0, 50, 100, 150, 200])

    assert column(read, "pcie_receive_bytes")[-2:] == [100, 150]


def test_nvlink_has_its_own_counter_and_gpm_where_that_is_missing(fake, clock):
    """As on a single GPU, whose driver does not support the fields."""
    world = scenario.node()
    _, with_field = readings(fake, clock, world, [0, 0, 0])
    world = scenario.node()
    del world["gpus"][0]["fields"]["139"]
    _, without = readings(fake, clock, world, [0, 0, 0])

    assert column(with_field, "nvlink_receive_bytes") == [2000 * 1024] * 3
    assert column(without, "nvlink_receive_bytes")[1:] == [300 * MEBIBYTE, 600 * MEBIBYTE]


@pytest.mark.parametrize("code", [999, 10])
def test_gpm_that_could_not_be_asked_for_is_asked_for_again(fake, clock, code):
    """A transient error at the first question takes it from nobody."""
    world = scenario.node()
    world["gpus"][0]["errors"]["nvmlGpmQueryDeviceSupport"] = code
    fake(world)
    node = Node()
    node.open(0, "")
    for error in ({"nvmlGpmQueryDeviceSupport": code}, {}, {}):
        world["gpus"][0]["errors"] = error
        last = node.read(0, clock.now)
        clock.now += 1.0

    assert last.rows[0].numbers[FIELDS.index("pcie_receive_bytes")] == 200 * MEBIBYTE


@given(st.lists(st.integers(0, WRAP - 1), min_size=1, max_size=20))
def test_rises_of_less_than_one_round_are_counted_exactly(rises):
    counter = Unwrapped()
    counter.take(float(WRAP - 5))
    true = WRAP - 5
    for rise in rises:
        true += rise
        counted = counter.take(float(true % WRAP))

    assert counted == sum(rises)
