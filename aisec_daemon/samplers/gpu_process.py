"""Processes on GPUs: what NVML says of a pid, and what /proc says of the process behind it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, ClassVar, NamedTuple

import numpy as np

from aisec_daemon.host.host import Host
from aisec_daemon.host.nvml.fields import PROCESS_FIELDS
from aisec_daemon.host.nvml.reading import GpuReading
from aisec_daemon.host.nvml.row import Process
from aisec_daemon.host.proc.identity import ProcessIdentity
from aisec_daemon.model import Column, Label, Snapshot, Table
from aisec_daemon.model.snapshot import Word

_COLUMNS = (
    Column("memory_used_bytes", "GPU memory that the process holds"),
    Column("sm_utilization_ratio", "share of time in which its kernels ran"),
    Column("memory_utilization_ratio", "share of time in which it kept the memory busy"),
    Column("encoder_utilization_ratio", "share of time in which it used the video encoder"),
    Column("decoder_utilization_ratio", "share of time in which it used the video decoder"),
)

_FROM_PROC = (
    Label("name", "name of the program (comm)"),
    Label("executable", "path of the program"),
    Label("executable_state", "deleted or memfd if the program's file is gone, else empty"),
    Label("command", "command line, without its secrets"),
    Label("command_hash", "keyed hash of the whole command line"),
    Label("user", "name of the user"),
    Label("uid", "number of the user"),
    Label("container", "id of the container, empty outside one"),
    Label("pod", "UID of the Kubernetes pod, empty outside one"),
    Label("slurm_job", "Slurm job, empty outside one"),
    Label("unit", "systemd unit"),
)

_LABELS = (
    Label("uuid", "UUID of the GPU or MIG instance"),
    Label("pid", "pid on the host"),
    Label("process", "pid and start time; `<pid>:?` for a pid that /proc does not show"),
    Label("kind", "compute, graphics, mps, or several joined by +"),
    *_FROM_PROC,
    Label("image", "image of the container, empty outside one"),
    Label("executable_hash", "SHA-256 of the program's file, once `program` has read it whole"),
    Label(
        "script", "script or module that it runs, folders of one run as #, once `asset` was read"
    ),
)


class _Use(NamedTuple):
    """One process on one GPU."""

    gpu: GpuReading
    process: Process
    identity: ProcessIdentity | None
    digest: str | None
    script: str | None
    image: str | None

    @property
    def name(self) -> str:
        return self.identity.subject if self.identity else f"{self.process.pid}:?"

    @property
    def subject(self) -> str:
        return f"{self.gpu.identity.uuid}/{self.name}"

    def words(self) -> dict[str, Word]:
        return {
            **{label.name: _word(self.identity, label.name) for label in _FROM_PROC},
            "uuid": self.gpu.identity.uuid,
            "pid": str(self.process.pid),
            "process": self.name,
            "kind": "+".join(self.process.kinds),
            "executable_hash": self.digest,
            "script": self.script,
            "image": self.image,
        }


@dataclass(frozen=True)
class GpuProcess:
    """A row per process and GPU or MIG instance that it is on.

    Where the processes of a GPU could not be listed, those of the last time stay, with NaN, for as
    long as /proc shows them.
    """

    table: ClassVar[Table] = Table(
        "gpu_process",
        help="Processes on GPUs, as NVML lists them.",
        columns=_COLUMNS,
        labels=_LABELS,
        series=("uuid", "pid", "name", "user", "container"),
        aggregate=("uuid", "user", "container"),
    )

    period: Annotated[float, "seconds between readings"] = 1.0

    def read(self, host: Host, time: float) -> Snapshot:
        """Read the processes of all GPUs; UnreadableError if NVML tells of no GPU."""
        uses = list(_uses(host))
        host.processes.protect({use.process.pid for use in uses})
        numbers = [use.process.numbers for use in uses]
        values = np.array(numbers, dtype=np.float64).reshape(len(uses), len(PROCESS_FIELDS))
        rows = [use.words() for use in uses]
        labels = {label.name: tuple(row[label.name] for row in rows) for label in _LABELS}
        return Snapshot(self.table, time, tuple(use.subject for use in uses), values, labels)


def _uses(host: Host) -> Iterator[_Use]:
    for gpu in host.nvml.read().gpus:
        for process in gpu.processes:
            identity = host.processes.lookup(process.pid)
            if identity or gpu.processes_fresh:
                digest = host.digest(identity.subject) if identity else None
                script = host.script(identity.subject) if identity else None
                image = host.images.of(identity) if identity else None
                yield _Use(gpu, process, identity, digest, script, image)


def _word(identity: ProcessIdentity | None, name: str) -> Word:
    """Return a word of /proc, None for what it did not tell."""
    value = getattr(identity, name, None)
    return None if value is None else str(value)
