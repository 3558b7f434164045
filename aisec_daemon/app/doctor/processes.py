"""Processes: whether all are seen, and what of them."""

from __future__ import annotations

import os
import resource
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from aisec_daemon.app.doctor.check import Check, Status
from aisec_daemon.app.doctor.rights import SERVICE, Rights
from aisec_daemon.host.errors import UnreadableError
from aisec_daemon.host.proc.identity import ProcessIdentity
from aisec_daemon.host.proc.stat import parse_stat
from aisec_daemon.host.views.mounts import parse_hidepid

_PIDS = 5  # named at most
_VISIBLE = frozenset({"", "0", "off"})


@dataclass(frozen=True)
class Namespace:
    """Whether a /proc is that of our own pid namespace, and whether that is the host's."""

    ours: bool
    host: bool


def read_namespace(root: Path) -> Namespace:
    """Look who we are there, and whether process 2 is the kernel's, as only the host shows it."""
    try:
        ours = (root / "proc/self").readlink() == Path(str(os.getpid()))
    except OSError:
        ours = False
    try:
        second = parse_stat((root / "proc/2/stat").read_bytes())
    except (OSError, ValueError):
        return Namespace(ours, host=False)
    return Namespace(ours, second.kernel_thread and second.name == b"kthreadd")


def read_hidepid(root: Path) -> str | None:
    """Return the option hidepid= of the mount that `root`/proc is; None if that is unknown."""
    try:
        text = Path("/proc/self/mountinfo").read_text("utf-8", "surrogateescape")
    except OSError:
        return None
    return parse_hidepid(text, str((root / "proc").resolve()))


def judge_processes(who: Sequence[ProcessIdentity] | UnreadableError, seen: Namespace) -> Check:
    """Judge whether the processes are those of the host."""
    name = "processes"
    if isinstance(who, UnreadableError):
        remedy = "mount -t proc proc /proc, or --root DIR where the node's /proc lies"
        return Check(name, Status.MISSING, str(who), "every process", remedy, main=True)
    found = f"{len(who)} of this host" if seen.host else f"{len(who)} of a pid namespace"
    if seen.host:
        return Check(name, Status.OK, found if seen.ours else f"{found}, seen through --root")
    lost = "processes outside of it; NVML's pids have no name"
    remedy = (
        "docker run --pid host (Kubernetes: hostPID: true), or mount the host's / and --root it"
    )
    return Check(name, Status.DEGRADED, found, lost, remedy)


def judge_executables(
    who: Sequence[ProcessIdentity] | UnreadableError, rights: Rights | OSError
) -> Check:
    """Judge whether it is known which program each process runs."""
    name = "executables"
    if isinstance(who, UnreadableError):
        return Check(name, Status.UNKNOWN, "no process can be read")
    shut = [str(identity.pid) for identity in who if identity.executable is None]
    if not shut:
        return Check(name, Status.OK, "each process's program is known")
    found = f"unreadable for {len(shut)} of {len(who)} processes"
    lost = "which program these run: a renamed or deleted one looks like any other"
    if isinstance(rights, OSError) or "SYS_PTRACE" not in rights.capabilities:
        found += ", which needs CAP_SYS_PTRACE"
        return Check(name, Status.DEGRADED, found, lost, SERVICE)
    found += f" although CAP_SYS_PTRACE is held: pid {', '.join(shut[:_PIDS])}"
    found += ", …" if len(shut) > _PIDS else ""
    return Check(name, Status.DEGRADED, found, lost, "sudo dmesg | grep -i denied")


def judge_hidepid(value: str | None, rights: Rights | OSError, root: Path) -> Check:
    """Judge the mount option that hides processes."""
    if value is None:
        return Check("hidepid", Status.UNKNOWN, "the mounts cannot be read")
    if value in _VISIBLE:
        return Check("hidepid", Status.OK, "off: /proc shows every user's processes")
    if not isinstance(rights, OSError) and "SYS_PTRACE" in rights.capabilities:
        return Check("hidepid", Status.OK, f"hidepid={value}, which CAP_SYS_PTRACE sees through")
    remedy = f"sudo mount -o remount,hidepid=0 {root / 'proc'}, or {SERVICE}"
    return Check("hidepid", Status.DEGRADED, f"hidepid={value}", "other users' processes", remedy)


def judge_connector(error: str, *, wanted: bool) -> Check:
    """Judge the process connector by its own sentence."""
    name = "connector"
    if not wanted:
        return Check(name, Status.OK, "switched off in the settings (host.connector)")
    if not error:
        return Check(name, Status.OK, "the kernel tells of every program that is started")
    remedy = (
        SERVICE
        if "CAP_NET_ADMIN" in error
        else "run it on the host, without --root (in a container: docker run --pid host)"
    )
    lost = "programs that start and end between two readings"
    return Check(name, Status.DEGRADED, error, lost, remedy)


def read_descriptors() -> int:
    """Return how many descriptors this process may have open, see getrlimit(2)."""
    return resource.getrlimit(resource.RLIMIT_NOFILE)[0]


def judge_descriptors(limit: int, who: Sequence[ProcessIdentity] | UnreadableError) -> Check:
    """Judge the limit on open files: half of it keeps processes open, which saves time."""
    name = "open files"
    count = 0 if isinstance(who, UnreadableError) else len(who)
    found = f"at most {limit}, for {count} processes"
    if limit == resource.RLIM_INFINITY or count <= limit // 2:
        return Check(name, Status.OK, found.replace("-1", "any number"))
    lost = "nothing; each reading takes more time"
    remedy = f"ulimit -n {4 * count} (service: LimitNOFILE={4 * count})"
    return Check(name, Status.DEGRADED, found, lost, remedy)
