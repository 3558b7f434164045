"""The NVIDIA driver: kernel module, device nodes, devices on the bus, and its Python binding."""

from __future__ import annotations

import importlib.util
import os
import re
from collections.abc import Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from aisec_daemon.app.doctor.check import Check, Status
from aisec_daemon.host import pci
from aisec_daemon.host.driver import has_driver
from aisec_daemon.host.errors import UnreadableError
from aisec_daemon.host.pci import PciGpu

_VERSION = re.compile(r"NVRM version:.*?\s(\d+\.\d[\d.]*)\s")
_HANDED_OVER = frozenset({"vfio-pci", "pci-stub", "pciback", "xen-pciback"})
_NO_GPU_WATCHED = "no GPU is watched"


def read_module(root: Path) -> str | None:
    """Return the loaded module's version, empty if it does not tell; None without a module."""
    try:
        text = (root / "proc/driver/nvidia/version").read_text("utf-8", "replace")
    except OSError:
        return "" if has_driver(root) else None
    found = _VERSION.search(text)
    return found[1] if found else ""


def read_devices(root: Path) -> list[PciGpu] | UnreadableError:
    """Return the GPUs on the bus, or why they cannot be read."""
    try:
        return pci.read_nvidia_gpus(root)
    except UnreadableError as error:
        return error


def read_nodes(root: Path) -> dict[str, bool]:
    """Return the device nodes and whether this process may open them for reading and writing."""
    nodes = sorted((root / "dev").glob("nvidia*"))
    return {
        node.name: os.access(node, os.R_OK | os.W_OK, effective_ids=True)
        for node in nodes
        if node.is_char_device()
    }


def read_binding() -> str | None:
    """Return the version of NVIDIA's pynvml, empty if another package stands there; None: none."""
    if importlib.util.find_spec("pynvml") is None:
        return None
    from aisec_daemon.host.nvml.library import is_genuine  # noqa: PLC0415 # it imports pynvml

    try:
        return version("nvidia-ml-py") if is_genuine() else ""
    except PackageNotFoundError:
        return "of unknown version"


def judge_module(
    loaded: str | None, devices: Sequence[PciGpu] | UnreadableError, *, opens: bool
) -> Check:
    """Judge the kernel module; where NVML opens, it is there, whatever /proc shows."""
    if loaded is not None or opens:
        found = f"kernel module {loaded}" if loaded else "kernel module of unknown version"
        return Check("driver", Status.OK, found)
    if isinstance(devices, UnreadableError):
        found = "no kernel module"
    elif not devices:
        found = "no kernel module, and no NVIDIA GPU on the PCI bus that needs one"
        return Check("driver", Status.MISSING, found, main=True)
    else:
        found = f"no kernel module for {len(devices)} NVIDIA GPU(s) on the PCI bus"
    remedy = "sudo modprobe nvidia (Debian: sudo apt install nvidia-driver, then reboot)"
    return Check("driver", Status.MISSING, found, _NO_GPU_WATCHED, remedy, main=True)


def judge_devices(devices: Sequence[PciGpu] | UnreadableError) -> Check:
    """Judge which driver serves each device on the bus."""
    name = "pci devices"
    if isinstance(devices, UnreadableError):
        return Check(
            name, Status.UNKNOWN, str(devices), "a GPU that no driver serves goes unnoticed"
        )
    unserved = [d for d in devices if d.driver not in {"nvidia", *_HANDED_OVER}]
    if not unserved:
        found = f"{len(devices)} NVIDIA GPU(s), each with its driver"
        return Check(name, Status.OK, found if devices else "no NVIDIA GPU on the PCI bus")
    which = ", ".join(f"{d.address} ({_bound(d.driver)})" for d in unserved)
    remedy = f"echo {unserved[0].address} | sudo tee /sys/bus/pci/drivers/nvidia/bind"
    lost = "whatever uses these GPUs is not watched"
    return Check(name, Status.DEGRADED, f"not served by nvidia: {which}", lost, remedy)


def _bound(driver: str | None) -> str:
    return "unreadable" if driver is None else driver or "no driver"


def judge_nodes(nodes: Mapping[str, bool], *, driver: bool, setuid: bool) -> Check:
    """Judge /dev/nvidia*; `setuid`: whether nvidia-modprobe could make them when NVML asks."""
    name, shut = "device nodes", [node for node, open_ in nodes.items() if not open_]
    if not driver:
        return Check(name, Status.UNKNOWN, "no driver is seen, so none are expected")
    if shut:
        found = f"this user may not open /dev/{', /dev/'.join(shut)}"
        remedy = "sudo usermod -aG $(stat -c %G /dev/nvidiactl) $USER, or run it as the service"
        return Check(
            name, Status.DEGRADED, found, "NVML does not open, or shows fewer GPUs", remedy
        )
    if "nvidiactl" not in nodes:
        found = "/dev/nvidiactl is not there"
        found += "" if setuid else ", and no_new_privs keeps NVML from making it"
        lost = "NVML does not open" if not setuid else "NVML opens only if it can make them"
        return Check(name, Status.DEGRADED, found, lost, "sudo nvidia-modprobe -c 0")
    return Check(name, Status.OK, f"{len(nodes)}, open to this user")


def judge_binding(found: str | None) -> Check:
    """Judge the Python module pynvml."""
    name = "pynvml"
    remedy = "pip uninstall -y pynvml nvidia-ml-py3; pip install --force-reinstall nvidia-ml-py"
    if found:
        return Check(name, Status.OK, f"nvidia-ml-py {found}")
    if found is None:
        remedy = "pip install nvidia-ml-py"
        return Check(name, Status.MISSING, "there is no pynvml", _NO_GPU_WATCHED, remedy, main=True)
    text = "another package stands in the place of nvidia-ml-py"
    return Check(name, Status.MISSING, text, _NO_GPU_WATCHED, remedy, main=True)
