import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aisec_daemon.host import pci
from aisec_daemon.host.errors import UnreadableError


@pytest.fixture
def bus(tmp_path):
    """Adds devices to a fixture's PCI bus."""
    devices = tmp_path / "sys/bus/pci/devices"
    devices.mkdir(parents=True)

    def add(address, device_class="0x030200", vendor="0x10de", driver=""):
        folder = devices / address
        folder.mkdir()
        files = {"vendor": vendor, "class": device_class, "device": "0x2330"}
        for name, text in files.items():
            (folder / name).write_text(text + "\n")
        if driver:
            (folder / "driver").symlink_to(f"../../../../bus/pci/drivers/{driver}")
        return folder

    add.root = tmp_path
    return add


def test_gpus_are_told_with_their_driver(bus):
    bus("0000:9b:00.0", driver="vfio-pci")
    bus("0000:1b:00.0", driver="nvidia")
    bus("0000:3b:00.0", device_class="0x030000")

    assert pci.read_nvidia_gpus(bus.root) == [
        pci.PciGpu("0000:1b:00.0", "0x2330", "nvidia"),
        pci.PciGpu("0000:3b:00.0", "0x2330", ""),
        pci.PciGpu("0000:9b:00.0", "0x2330", "vfio-pci"),
    ]


@pytest.mark.parametrize(
    ("device_class", "vendor"),
    [("0x040300", "0x10de"), ("0x068000", "0x10de"), ("0x030000", "0x1002")],
    ids=["its sound", "an NVSwitch", "another maker's"],
)
def test_other_devices_are_none(bus, device_class, vendor):
    bus("0000:1b:00.1", device_class, vendor)

    assert pci.read_nvidia_gpus(bus.root) == []


def test_no_bus_is_not_an_empty_bus(tmp_path):
    with pytest.raises(UnreadableError) as caught:
        pci.read_nvidia_gpus(tmp_path)

    assert caught.value.sensor == "pci"


def test_a_device_that_vanishes_while_it_is_read_is_gone(bus):
    (bus("0000:1b:00.0") / "class").unlink()

    assert pci.read_nvidia_gpus(bus.root) == []


def test_an_attribute_that_is_no_number_is_unreadable(bus):
    bus("0000:1b:00.0", vendor="nonsense")

    with pytest.raises(UnreadableError):
        pci.read_nvidia_gpus(bus.root)


def test_a_driver_that_cannot_be_read_is_not_none(bus):
    folder = bus("0000:1b:00.0")
    (folder / "driver").mkdir()  # not a link

    assert pci.read_nvidia_gpus(bus.root)[0].driver is None


@given(st.integers(0, 2**24 - 1))
def test_ids_are_parsed_as_the_kernel_writes_them(number):
    assert pci.parse_id(f"0x{number:06x}\n".encode()) == number


@given(st.binary(max_size=20))
def test_other_bytes_are_a_value_error(text):
    with contextlib.suppress(ValueError):
        pci.parse_id(text)
