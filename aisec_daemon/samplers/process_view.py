"""Views of the processes that must agree, and the processes on which they do not."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, ClassVar

from aisec_daemon.host.errors import UnreadableError
from aisec_daemon.host.host import Host
from aisec_daemon.host.proc.cgroup import parse_cgroup
from aisec_daemon.model import Column, Label, Snapshot, Table
from aisec_daemon.model.snapshot import Word

if TYPE_CHECKING:
    from aisec_daemon.host.views.suspects import Suspect
    from aisec_daemon.host.views.views import Reading

_IDENTITY = ("name", "executable", "executable_state", "command_hash", "user", "container", "pod")
_PLACE = ("container", "pod", "slurm_job", "unit")

_LABELS = (
    Label("view", "the view; `suspect` for a process on which they disagree, `library` for one"),
    Label("lack", "why the view is missing or incomplete, else empty"),
    Label("pid", "process id"),
    Label("known_by", "views that know the process"),
    Label("missing_from", "views that ought to know it and do not"),
    Label("cover", "what is mounted over the process's folder in /proc, else empty"),
    Label("gpus", "UUIDs of GPUs that it is on"),
    Label("calls", "calls of this very daemon that the library answers in libc's place"),
    Label("name", "name of the program (comm)"),
    Label("executable", "path of the program, or of the library"),
    Label("executable_state", "deleted or memfd if the program's file is gone, else empty"),
    Label("command_hash", "keyed hash of the whole command line"),
    Label("user", "name of the user"),
    Label("container", "id of the container, empty outside one"),
    Label("image", "image of the container, empty outside one"),
    Label("pod", "UID of the Kubernetes pod, empty outside one"),
    Label("slurm_job", "Slurm job, empty outside one"),
    Label("unit", "systemd unit"),
)

_Row = tuple[Mapping[str, float], Mapping[str, Word]]


@dataclass(frozen=True)
class ProcessView:
    """A row per view, per process on which views disagree, and per library put before libc.

    Views: `listing` of /proc by libc, `raw_listing` by getdents64, `proc` (a direct look), `kernel`
    (pidfd_open), `cgroup`, `connector`, `nvml`, `mounts`. A process that has just begun or ended
    is one on which they disagree, too: only that it lasts means something.
    """

    table: ClassVar[Table] = Table(
        "process_view",
        help="Views of the processes that must agree, and where they do not.",
        columns=(
            Column("known_processes", "processes that the view knows; absent where it is no use"),
            Column("lasting_runs", "readings in a row for which the row has said so"),
            Column("lasting_seconds", "time for which it has said so"),
        ),
        labels=_LABELS,
        series=("view",),
        aggregate=("view",),
    )

    period: Annotated[float, "seconds between readings"] = 10.0
    sweep_pids: Annotated[int, "pid numbers that are tried past all listings each time"] = 4096

    def __post_init__(self) -> None:
        if self.sweep_pids < 0:
            raise ValueError("sweep_pids must not be negative")

    def read(self, host: Host, time: float) -> Snapshot:
        """Compare the views once; UnreadableError if /proc cannot be listed whole."""
        gpus = _gpu_pids(host)
        heard = None if host.processes.connector_error else host.processes.heard()
        reading = host.views.read(gpus, heard, self.sweep_pids)
        rows = dict(_view_rows(reading))
        rows |= {s.subject: _suspect_row(host, s, gpus or {}) for s in reading.suspects}
        for path, calls in reading.libraries.items():
            words = {"view": "library", "executable": path, "calls": " ".join(calls)}
            numbers = {"known_processes": math.nan, "lasting_runs": float(reading.turns)}
            rows[f"library/{path}"] = (numbers, words)
        return Snapshot.from_rows(self.table, time, rows)


def _gpu_pids(host: Host) -> Mapping[int, set[str]] | None:
    """Return the GPUs of each pid that NVML lists; None where there is no GPU to be asked."""
    try:
        gpus = host.nvml.read().gpus
    except UnreadableError:  # the table `gpu` says so
        return None
    found: dict[int, set[str]] = defaultdict(set)
    for gpu in gpus:
        for process in gpu.processes if gpu.processes_fresh else ():
            found[process.pid].add(gpu.identity.uuid)
    return found if gpus else None


def _view_rows(reading: Reading) -> Iterator[tuple[str, _Row]]:
    for name, view in reading.views.items():
        numbers = {"known_processes": view.known, "lasting_runs": float(view.runs)}
        yield f"view/{name}", (numbers, {"view": name, "lack": view.lack})


def _suspect_row(host: Host, suspect: Suspect, gpus: Mapping[int, set[str]]) -> _Row:
    """Say who it is: by /proc where that shows the process itself, else by its control group."""
    words: dict[str, Word] = {
        "view": "suspect",
        "pid": str(suspect.pid),
        "known_by": " ".join(suspect.known_by),
        "missing_from": " ".join(suspect.missing_from),
        "cover": suspect.cover,
        "gpus": " ".join(sorted(gpus.get(suspect.pid, ()))),
    }
    if suspect.group:
        place = parse_cgroup(b"0::" + suspect.group.encode("utf-8", "surrogateescape"))
        words |= {name: getattr(place, name) for name in _PLACE}
    identity = host.processes.lookup(suspect.pid) if suspect.start_ticks >= 0 else None
    if identity is not None and identity.start_ticks == suspect.start_ticks:
        words |= {name: getattr(identity, name) for name in {*_IDENTITY, *_PLACE}}
        words["image"] = host.images.of(identity)
    return {
        "lasting_runs": float(suspect.runs),
        "lasting_seconds": suspect.seconds,
    }, words
