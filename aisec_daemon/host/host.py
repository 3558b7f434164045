"""The host as samplers see it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from aisec_daemon.host.container.images import Images
from aisec_daemon.host.flow.flows import Flows
from aisec_daemon.host.network.listeners import Listeners
from aisec_daemon.host.network.sockets import Sockets
from aisec_daemon.host.nvml.client import Nvml
from aisec_daemon.host.outputs.reader import OutputReader
from aisec_daemon.host.posture.postures import Postures
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
    flows: Flows = field(init=False)
    listeners: Listeners = field(init=False)
    probes: Probes = field(init=False)
    postures: Postures = field(init=False)
    images: Images = field(init=False)

    def __post_init__(self) -> None:
        programs = Programs(self.root, self.nvml, self.processes, self.tally)
        workloads = Workloads(self.root, self.nvml, self.processes, programs, self.tally)
        self.__dict__.update(  # frozen from now on
            programs=programs,
            workloads=workloads,
            sockets=Sockets(self.root, programs, self.tally),
            views=Views(self.root),
            flows=Flows(self.root, workloads, self.tally),
            listeners=Listeners(self.root, workloads, self.processes, self.tally),
            probes=Probes(self.root, self.tally),
            postures=Postures(self.root, workloads, self.nvml, self.tally),
            images=Images(self.root, self.tally),
        )
