"""What is said of the driver, its nodes, its devices and its binding."""

from __future__ import annotations

import pynvml
import pytest

from aisec_daemon.app.doctor import driver
from aisec_daemon.app.doctor.check import Status
from aisec_daemon.host.errors import UnreadableError
from aisec_daemon.host.pci import PciGpu

BOUND = PciGpu("0000:3b:00.0", "0x2335", "nvidia")
BARE = PciGpu("0000:5e:00.0", "0x2335", "")
LENT = PciGpu("0000:86:00.0", "0x2335", "vfio-pci")
NO_BUS = UnreadableError("pci", "no bus")


def test_the_version_of_the_module_is_read(tmp_path):
    file = tmp_path / "proc/driver/nvidia/version"
    file.parent.mkdir(parents=True)
    file.write_text(
        "NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  570.86.10  Release Build\n"
        "GCC version:  gcc version 12.2.0\n"
    )

    assert driver.read_module(tmp_path) == "570.86.10"
    file.write_text("something else\n")
    assert driver.read_module(tmp_path) == ""


def test_no_module_is_not_a_module_of_unknown_version(tmp_path):
    assert driver.read_module(tmp_path) is None


def test_gpus_without_a_module_are_missing_with_a_command():
    check = driver.judge_module(None, [BARE], opens=False)

    assert (check.status, check.main) == (Status.MISSING, True)
    assert "modprobe" in check.remedy
    assert check.lost


def test_a_machine_without_gpus_is_told_no_command():
    assert driver.judge_module(None, [], opens=False).remedy == ""


@pytest.mark.parametrize("loaded", ["570.86.10", ""])
def test_a_module_is_fine_and_so_is_nvml_that_opens(loaded):
    assert driver.judge_module(loaded, [BOUND], opens=False).status is Status.OK
    assert driver.judge_module(None, NO_BUS, opens=True).status is Status.OK


def test_a_device_without_driver_is_named_with_what_binds_it():
    check = driver.judge_devices([BOUND, BARE, LENT])

    assert check.status is Status.DEGRADED
    assert "0000:5e:00.0 (no driver)" in check.found
    assert "0000:86" not in check.found
    assert "0000:5e:00.0" in check.remedy


def test_devices_that_are_served_or_lent_are_fine_and_no_bus_is_unknown():
    assert driver.judge_devices([BOUND, LENT]).status is Status.OK
    assert driver.judge_devices(NO_BUS).status is Status.UNKNOWN


def test_nodes_that_this_user_may_not_open_are_named():
    nodes = {"nvidia0": False, "nvidiactl": True}
    check = driver.judge_nodes(nodes, driver=True, setuid=True)

    assert check.status is Status.DEGRADED
    assert "/dev/nvidia0" in check.found
    assert "nvidiactl" not in check.found


def test_nodes_that_are_not_there_matter_more_when_nothing_can_make_them():
    check = driver.judge_nodes({}, driver=True, setuid=False)

    assert "no_new_privs" in check.found
    assert check.lost == "NVML does not open"
    assert driver.judge_nodes({}, driver=False, setuid=True).status is Status.UNKNOWN
    assert driver.judge_nodes({"nvidiactl": True}, driver=True, setuid=True).status is Status.OK


def test_plain_files_are_no_device_nodes(tmp_path):
    (tmp_path / "dev").mkdir()
    (tmp_path / "dev/nvidia0").write_text("")

    assert driver.read_nodes(tmp_path) == {}


def test_a_package_in_pynvmls_place_is_told_with_what_removes_it(monkeypatch):
    assert driver.judge_binding(driver.read_binding()).status is Status.OK
    monkeypatch.delattr(pynvml, "_nvmlGetFunctionPointer")
    check = driver.judge_binding(driver.read_binding())

    assert (check.status, check.main) == (Status.MISSING, True)
    assert "pip uninstall" in check.remedy


def test_no_binding_at_all_is_told(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)

    assert "pip install" in driver.judge_binding(driver.read_binding()).remedy
