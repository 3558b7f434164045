"""The host as samplers see it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from aisec_daemon.host.flow.flows import Flows
from aisec_daemon.host.network.listeners import Listeners
from aisec_daemon.host.network.sockets import Sockets
from aisec_daemon.host.nvml.client import Nvml
from aisec_daemon.host.outputs.reader import OutputReader
from aisec_daemon.host.probe.probes import Probes
from aisec_daemon.host.proc.processes import Processes
from aisec_daemon.host.program.programs import Programs
from aisec_daemon.host.tally import Tally
from aisec_daemon.host.views.views import Views
from aisec_daemon.host.workload.workloads import Workloads


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
    programs: Programs = field(init=False)
    sockets: Sockets = field(init=False)
    views: Views = field(init=False)
    workloads: Workloads = field(init=False)
    listeners: Listeners = field(init=False)
    probes: Probes = field(init=False)
    flows: Flows = field(init=False)

    def __post_init__(self) -> None:
        programs = Programs(self.root, self.nvml, self.processes, self.tally)
        object.__setattr__(self, "programs", programs)
        object.__setattr__(self, "sockets", Sockets(self.root, programs, self.tally))
        object.__setattr__(self, "views", Views(self.root))
        workloads = Workloads(self.root, self.nvml, self.processes, programs, self.tally)
        object.__setattr__(self, "workloads", workloads)
        listeners = Listeners(self.root, workloads, self.processes, self.tally)
        object.__setattr__(self, "listeners", listeners)
        object.__setattr__(self, "probes", Probes(self.root, self.tally))
        object.__setattr__(self, "flows", Flows(self.root, workloads, self.tally))
