"""Table `asset`: the AI workloads of the node."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, ClassVar

import numpy as np

from aisec_daemon.host.host import Host
from aisec_daemon.model import Column, Kind, Label, Snapshot, Table
from aisec_daemon.model.snapshot import Word

if TYPE_CHECKING:
    from aisec_daemon.host.workload.asset import Asset as Reading


@dataclass(frozen=True)
class Asset:
    """A row per AI workload: processes that run one program for one user in one place."""

    table: ClassVar[Table] = Table(
        "asset",
        "AI workloads: who runs which program where, with which frameworks, on which GPUs.",
        columns=(
            Column("member_processes", "processes that belong to it"),
            Column("used_gpus", "GPUs and MIG instances on which NVML lists one of them"),
            Column("memory_resident_bytes", "memory that they hold, what they share counted twice"),
            Column("gpu_memory_used_bytes", "memory of GPUs that they hold"),
            Column("started_timestamp_seconds", "when the oldest was started", Kind.TIMESTAMP),
        ),
        labels=(
            Label("asset", "its short name, as other tables give it"),
            Label("identity", "a short name that stays the same when it is started again"),
            Label("service", "the AI service that it is, like jupyter; empty if none we know"),
            Label("frameworks", "frameworks that it has loaded, with their versions"),
            Label("executable", "path of the program"),
            Label("script", "script or module that an interpreter runs; -c is code it was given"),
            Label("user", "name of the user"),
            Label("login_user", "who logged in to start it, empty if nobody did"),
            Label("container", "id of the container, empty outside one"),
            Label("image", "image of the container, empty outside one"),
            Label("pod", "UID of the Kubernetes pod, empty outside one"),
            Label("slurm_job", "Slurm job, empty outside one"),
            Label("unit", "systemd unit"),
            Label("packages", "folders of the Python packages that it uses"),
            Label("libraries", "known libraries that it has loaded, in words"),
            Label("gpu_uuids", "GPUs and MIG instances that it is on"),
            Label("executable_hash", "SHA-256 of the program's file, once `program` has read it"),
        ),
        series=("asset", "service", "executable", "script", "user", "container"),
        aggregate=("service", "user"),
        kept=True,
        identity="identity",
        compared=("service", "frameworks", "executable_hash", "image"),
    )

    period: Annotated[float, "seconds between readings"] = 10.0

    def read(self, host: Host, time: float) -> Snapshot:
        """Read all assets; UnreadableError if nobody can tell which processes do AI work."""
        assets = sorted(host.workloads.assets(), key=lambda asset: asset.subject)
        start = host.processes.started
        numbers = [_numbers(each, start(each.started_ticks)) for each in assets]
        values = np.array(numbers, np.float64).reshape(len(assets), len(self.table.columns))
        rows = [{**_words(each), "image": _image(host, each)} for each in assets]
        labels = {name: tuple(row[name] for row in rows) for name in self.table.label_names}
        return Snapshot(self.table, time, tuple(each.subject for each in assets), values, labels)


def _image(host: Host, asset: Reading) -> Word:
    """Return the image that all of its processes run, None if one of them may only pretend to."""
    images = {host.images.of(each.identity) for each in asset.workloads}
    return images.pop() if len(images) == 1 else None


def _numbers(asset: Reading, started: float) -> tuple[float, ...]:
    return (
        len(asset.workloads),
        np.nan if asset.gpus is None else len(asset.gpus),
        asset.memory_bytes,
        asset.gpu_memory_bytes,
        started,
    )


def _words(asset: Reading) -> dict[str, Word]:
    return {
        **asset.group._asdict(),
        "asset": asset.subject,
        "identity": asset.group.identity,
        "service": asset.service,
        "frameworks": ", ".join(asset.frameworks),
        "login_user": asset.login_user,
        "packages": ", ".join(asset.sites),
        "libraries": " ".join(sorted(asset.libraries)),
        "gpu_uuids": None if asset.gpus is None else " ".join(asset.gpus),
        "executable_hash": asset.executable_hash,
    }
