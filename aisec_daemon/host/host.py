"""The host as samplers see it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from aisec_daemon.host.nvml.client import Nvml
from aisec_daemon.host.proc.processes import Processes
from aisec_daemon.host.tally import Tally
from aisec_daemon.host.views.views import Views


@dataclass(frozen=True)
class Host:
    """Everything that can be read of one node.

    `root` is where the node's `/proc`, `/sys` and `/etc` lie: `/`, a mount, or a fixture tree.
    """

    root: Path
    tally: Tally
    nvml: Nvml
    processes: Processes

    @cached_property
    def views(self) -> Views:
        """The views of the processes that must agree; for one sampler alone."""
        return Views(self.root)
