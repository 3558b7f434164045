"""The AI workloads of a node."""

from __future__ import annotations

from aisec_daemon.host.program.programs import Programs
from aisec_daemon.host.workload.workload import Workload


class Workloads:
    """Finds the processes that do AI work. May be used from several threads."""

    def __init__(self, programs: Programs) -> None:
        self._programs = programs

    def read(self) -> list[Workload]:
        """Return them all; UnreadableError if nobody can tell. An answer is good for a moment."""
        return [
            Workload(each, each.subject, on_gpu=True, libraries=frozenset())
            for each in self._programs.members()
        ]
