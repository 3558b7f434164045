"""Opening the node that the settings name; nothing is read yet."""

from __future__ import annotations

import socket
from pathlib import Path

from aisec_daemon.app.settings import Settings
from aisec_daemon.host.host import Host
from aisec_daemon.host.nvml.client import Nvml
from aisec_daemon.host.outputs.reader import OutputReader
from aisec_daemon.host.proc.processes import Processes
from aisec_daemon.host.tally import Tally


def open_nvml(settings: Settings, deadline_seconds: float = 0.8) -> Nvml:
    """Return the reader of the GPUs; close it at the end."""
    return Nvml(
        Tally(),
        deadline_seconds=deadline_seconds,
        patience_seconds=settings.host.gpu_patience_seconds,
        release_seconds=settings.host.gpu_release_seconds,
    )


def open_host(
    settings: Settings,
    key: bytes,
    *,
    connector: bool = True,
    gpu_deadline_seconds: float = 0.8,
    nvml: Nvml | None = None,
) -> Host:
    """Return the node's readers. `key` makes its hashes its own; close both readers at the end."""
    host = settings.host
    nvml = nvml or open_nvml(settings, gpu_deadline_seconds)
    tally = nvml.tally
    processes = Processes(
        settings.root,
        tally,
        key,
        connector=host.connector and connector,
        rows_max=host.processes_max,
        matcher=host.matcher(),
    )
    outputs = OutputReader(host.outputs, host.outputs_listen)
    return Host(settings.root, tally, nvml, processes, outputs if outputs.wanted else None)


def close_host(host: Host) -> None:
    """Close the node's readers; a call that hangs in the driver is left to its own process."""
    host.processes.close()
    if host.outputs is not None:
        host.outputs.close()
    host.nvml.close()


def name_of(root: Path) -> str:
    """Return the node's name."""
    file = root / "etc/hostname"
    try:
        return file.read_text(encoding="utf-8", errors="replace").strip() or socket.gethostname()
    except OSError:
        return socket.gethostname()
