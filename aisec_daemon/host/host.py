"""The host as samplers see it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from aisec_daemon.host.nvml.client import Nvml
from aisec_daemon.host.outputs.reader import OutputReader
from aisec_daemon.host.proc.processes import Processes
from aisec_daemon.host.tally import Tally


@dataclass(frozen=True)
class Host:
    """Everything that can be read of one node.

    `root` is where the node's `/proc`, `/sys` and `/etc` lie: `/`, a mount, or a fixture tree.
    """

    root: Path
    tally: Tally
    nvml: Nvml
    processes: Processes
    outputs: OutputReader | None = None
