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


def open_host(
    settings: Settings, key: bytes, *, connector: bool = True, gpu_deadline_seconds: float = 0.8
) -> Host:
    """Return the node's readers. `key` makes its hashes its own; close both readers at the end."""
    tally = Tally()
    host = settings.host
    nvml = Nvml(
        tally,
        deadline_seconds=gpu_deadline_seconds,
        patience_seconds=host.gpu_patience_seconds,
        release_seconds=host.gpu_release_seconds,
    )
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
