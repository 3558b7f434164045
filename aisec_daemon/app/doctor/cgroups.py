"""Control groups, which tell the container, job and service of a process; see cgroups(7)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from aisec_daemon.app.doctor.check import Check, Status
from aisec_daemon.host.errors import UnreadableError
from aisec_daemon.host.proc.identity import ProcessIdentity


def read_version(root: Path) -> str | None:
    """Return v1, v2 or hybrid as the first process shows it; None if that cannot be read."""
    try:
        text = (root / "proc/1/cgroup").read_text("utf-8", "surrogateescape")
    except OSError:
        return None
    return parse_version(text)


def parse_version(text: str) -> str | None:
    """Tell versions apart by the hierarchies of /proc/PID/cgroup: number 0 is version 2's."""
    numbers = {line.partition(":")[0] for line in text.splitlines() if ":" in line}
    if not numbers:
        return None
    if numbers == {"0"}:
        return "v2"
    return "hybrid (v1 and v2)" if "0" in numbers else "v1"


def judge_cgroups(
    version: str | None, who: Sequence[ProcessIdentity] | UnreadableError, *, host: bool
) -> Check:
    """Judge whether containers can be told apart."""
    name, lost = "cgroups", "which container, pod, job or service a process belongs to"
    if version is None or isinstance(who, UnreadableError):
        return Check(
            name, Status.DEGRADED, "/proc/PID/cgroup cannot be read", lost, "mount | grep cgroup"
        )
    inside = [identity for identity in who if identity.container]
    unread = sum(identity.container is None for identity in who)
    ids = len({identity.container for identity in inside})
    found = f"{version}; {len(inside)} processes in {ids} container(s)"
    if unread:
        found += f", unreadable for {unread}"
        return Check(name, Status.DEGRADED, found, lost, "run it as root or as the service")
    if not host and not inside:
        found = f"{version}; this container shows no other container's groups"
        return Check(name, Status.DEGRADED, found, lost, "docker run --pid host --cgroupns host")
    return Check(name, Status.OK, found)
