"""The host as samplers see it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from aisec_daemon.host.nvml.client import Nvml
from aisec_daemon.host.on_demand import on_demand
from aisec_daemon.host.outputs.reader import OutputReader
from aisec_daemon.host.proc.processes import Processes
from aisec_daemon.host.tally import Tally

if TYPE_CHECKING:
    from aisec_daemon.host.container.images import Images
    from aisec_daemon.host.flow.flows import Flows
    from aisec_daemon.host.network.listeners import Listeners
    from aisec_daemon.host.network.sockets import Sockets
    from aisec_daemon.host.posture.postures import Postures
    from aisec_daemon.host.probe.probes import Probes
    from aisec_daemon.host.program.programs import Programs
    from aisec_daemon.host.views.views import Views
    from aisec_daemon.host.workload.workloads import Workloads


@dataclass(frozen=True)
class Host:
    """Everything that can be read of one node.

    `root` is where the node's `/proc`, `/sys` and `/etc` lie: `/`, a mount, or a fixture tree.
    What is not there from the beginning is made, and its program read, for the first sampler that
    wants it: GPUs and processes are read before, and wait for none of it.
    """

    root: Path
    tally: Tally
    nvml: Nvml
    processes: Processes
    outputs: OutputReader | None = None

    def digest(self, subject: str) -> str | None:
        """Return the SHA-256 of a process's program; None until a reader of programs had it."""
        made: Programs | None = self.__dict__.get("programs")
        return None if made is None else made.digest(subject)

    def script(self, subject: str) -> str | None:
        """Return what an interpreter runs; None until a reader of workloads has looked."""
        made: Workloads | None = self.__dict__.get("workloads")
        return None if made is None else made.script(subject)

    @on_demand
    def programs(self) -> Programs:
        """Return the reader of programs on GPUs."""
        from aisec_daemon.host.program.programs import Programs  # noqa: PLC0415

        return Programs(self.root, self.nvml, self.processes, self.tally)

    @on_demand
    def workloads(self) -> Workloads:
        """Return the reader of AI workloads."""
        from aisec_daemon.host.workload.workloads import Workloads  # noqa: PLC0415

        return Workloads(self.root, self.nvml, self.processes, self.programs, self.tally)

    @on_demand
    def sockets(self) -> Sockets:
        """Return the reader of those programs' sockets."""
        from aisec_daemon.host.network.sockets import Sockets  # noqa: PLC0415

        return Sockets(self.root, self.programs, self.tally)

    @on_demand
    def views(self) -> Views:
        """Return the views of the processes that must agree."""
        from aisec_daemon.host.views.views import Views  # noqa: PLC0415

        return Views(self.root)

    @on_demand
    def flows(self) -> Flows:
        """Return the reader of what workloads read, write and talk to."""
        from aisec_daemon.host.flow.flows import Flows  # noqa: PLC0415

        return Flows(self.root, self.workloads, self.tally)

    @on_demand
    def listeners(self) -> Listeners:
        """Return the reader of sockets on which workloads listen."""
        from aisec_daemon.host.network.listeners import Listeners  # noqa: PLC0415

        return Listeners(self.root, self.workloads, self.processes, self.tally)

    @on_demand
    def probes(self) -> Probes:
        """Return what asks services how they answer."""
        from aisec_daemon.host.probe.probes import Probes  # noqa: PLC0415

        return Probes(self.root, self.tally)

    @on_demand
    def postures(self) -> Postures:
        """Return the reader of what the kernel grants to workloads."""
        from aisec_daemon.host.posture.postures import Postures  # noqa: PLC0415

        return Postures(self.root, self.workloads, self.nvml, self.tally)

    @on_demand
    def images(self) -> Images:
        """Return the reader of which image a container runs."""
        from aisec_daemon.host.container.images import Images  # noqa: PLC0415

        return Images(self.root, self.tally)
