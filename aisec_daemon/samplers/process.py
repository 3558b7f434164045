"""Table `process`: every process of the host."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Annotated, ClassVar

import numpy as np
from numpy.typing import NDArray

from aisec_daemon.host.host import Host
from aisec_daemon.host.proc.identity import ProcessIdentity
from aisec_daemon.model import Column, Kind, Label, Snapshot, Table
from aisec_daemon.model.snapshot import Word

_WORDS = (
    Label("name", "name of the process (comm), at most 15 characters for a user's"),
    Label("executable", "file it runs, as its own mount namespace names it"),
    Label("executable_state", '"deleted" or "memfd" if no file bears that name any more'),
    Label("command", "command line, redacted"),
    Label("command_hash", "keyed hash of the command line as it was; alike on one node"),
    Label("user", "effective user, by the host's /etc/passwd, else the number"),
    Label("container", "id of the container"),
    Label("pod", "uid of the Kubernetes pod"),
    Label("qos", "the pod's quality of service: guaranteed, burstable or besteffort"),
    Label("slurm_job", "Slurm job"),
    Label("slurm_step", "step of the Slurm job"),
    Label("unit", "systemd service or scope, else slice"),
    Label("login_user", "who logged in, whatever the user has become since"),
    Label("indicators", "marks of known miners that it bears, like name/xmrig, by spaces"),
)


@dataclass(frozen=True)
class Process:
    """One row a process; of one that lived only between two readings it knows no numbers."""

    table: ClassVar[Table] = Table(
        "process",
        "Processes of the host.",
        columns=(
            Column("cpu_seconds", "processor time, of all threads", Kind.COUNTER),
            Column("memory_resident_bytes", "memory in use that is not swapped out"),
            Column("threads", "number of threads"),
            Column("start_timestamp_seconds", "when it was started", Kind.TIMESTAMP),
        ),
        labels=(
            Label("pid", "process id, as the host numbers it"),
            *_WORDS,
            Label("uid", "effective user id"),
            Label("parent", "process id of the parent"),
        ),
        series=("pid", "name", "user", "container"),
        aggregate=("user", "container"),
    )

    period: Annotated[float, "seconds between readings"] = 2.0

    def read(self, host: Host, time: float) -> Snapshot:
        """Scan the processes; UnreadableError if /proc cannot be read."""
        scan = host.processes.scan()
        values = np.column_stack([getattr(scan, column.name) for column in self.table.columns])
        known: Snapshot | None = scan.made.get(self.table.name)
        if known is None:
            known = scan.made[self.table.name] = self._snapshot(scan.identities, time, values)
        return known.later(time, values)

    def _snapshot(
        self, who: Sequence[ProcessIdentity], time: float, values: NDArray[np.float64]
    ) -> Snapshot:
        """Return rows with their words; those stay the same while the processes do."""
        labels: dict[str, tuple[Word, ...]] = {
            label.name: tuple(map(attrgetter(label.name), who)) for label in _WORDS
        }
        labels["pid"] = tuple(str(identity.pid) for identity in who)
        labels["uid"] = tuple(
            None if identity.uid is None else str(identity.uid) for identity in who
        )
        labels["parent"] = tuple(str(identity.parent) for identity in who)
        return Snapshot(
            self.table, time, tuple(identity.subject for identity in who), values, labels
        )
