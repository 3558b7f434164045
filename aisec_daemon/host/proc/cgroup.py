"""/proc/PID/cgroup, see cgroups(7) and Documentation/admin-guide/cgroup-v2.rst."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from aisec_daemon.host.redaction.redact import redact_path

_ID = r"[0-9a-f]{64}|[0-9a-f]{32}-\d{6,12}"  # the second is what ECS on Fargate uses

# A container's directory: bare under the cgroupfs driver (docker/ID, kubepods/…/ID), a scope with
# the runtime's prefix under systemd's, "SLICE:RUNTIME:ID" where the two were mixed up. The monitor
# beside a container (conmon) is not in it.
_CONTAINER = re.compile(rf"(?!.*conmon-)(?:[\w.:-]+[-:])?({_ID})(?:\.scope)?")
_NAMED_CONTAINER = re.compile(
    r"/(?:lxc/|lxc\.payload[./]|machine\.slice/machine-(?!qemu))([^/]+?)(?:\.scope)?(?:/|$)"
)
_UID = r"[0-9a-f]{8}(?:[-_][0-9a-f]{4}){3}[-_][0-9a-f]{12}|[0-9a-f]{32}"  # static pods: 32 digits
_POD = re.compile(rf"(?:[\w.-]+-)?pod({_UID})(?:\.slice.*)?")
_QOS = re.compile(r"(?:[\w.-]*kubepods-)?(burstable|besteffort)(?:-pod.*|\.slice)?")
# Where Slurm itself makes groups, on a node that may be a pod; elsewhere whoever may make groups
# can give them any name.
_SLURM = re.compile(
    r"(?:/kubepods.*)?/(?:system\.slice/(?:[\w.-]+_)?slurmstepd\.scope|slurm(?:_[\w.-]+)?/uid_\d+)"
    r"/job_(\d+)(?:/step_(\w+))?(?:/.*)?"
)
_UNIT = re.compile(r"(.+\.(?:service|scope))")
_SLICE = re.compile(r"(.+\.slice)")


class Placement(NamedTuple):
    """Where a process runs; a word is empty if there is none of it.

    `unit` is the deepest systemd service or scope that is not just the container again; the deepest
    slice if there is neither. `group` is the path that told the container: whoever can make
    groups names them as he likes. It is never published.
    """

    container: str = ""
    pod: str = ""
    qos: str = ""
    slurm_job: str = ""
    slurm_step: str = ""
    unit: str = ""
    group: str = ""


@lru_cache(maxsize=512)  # processes of one unit or container have the same
def parse_cgroup(text: bytes) -> Placement:
    """Find container, pod, Slurm job and unit in the paths of all hierarchies.

    Version 2 has one line ("0::PATH"), version 1 one a hierarchy, hybrid hosts have both, and often
    only one of them tells. The deepest match of a path wins: a node may itself be a container. A
    private cgroup namespace shows "/", hence nothing.
    """
    found = [_place(path) for path in _paths(text)] or [Placement()]
    return Placement(*(next(filter(None, words), "") for words in zip(*found, strict=True)))


def _paths(text: bytes) -> list[str]:
    """Paths of version 2, of systemd's hierarchy and of the others, in this order."""
    ranked = []
    for line in text.decode("utf-8", "surrogateescape").split("\n"):
        hierarchy, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        if path.startswith("/"):
            rank = 0 if hierarchy == "0" else 1 if controllers == "name=systemd" else 2
            ranked.append((rank, path.removesuffix(" (deleted)")))
    return [path for _, path in sorted(ranked, key=lambda pair: pair[0])]


def _place(path: str) -> Placement:
    parts = path.split("/")[::-1]
    pod = _deepest(_POD, parts).replace("_", "-")
    job = _SLURM.fullmatch(path) if "slurm" in path else None
    named = _NAMED_CONTAINER.search(path)
    container = _deepest(_CONTAINER, parts) or (_clean(named[1]) if named else "")
    units = [part for part in parts if not _CONTAINER.fullmatch(part)]
    return Placement(
        container=container,
        pod=pod,
        qos=(_deepest(_QOS, parts) or "guaranteed") if pod else "",
        slurm_job=job[1] if job else "",
        slurm_step=(job[2] or "") if job else "",
        unit=_clean(_deepest(_UNIT, units) or ("" if container else _deepest(_SLICE, units))),
        group=path if container else "",
    )


def _deepest(pattern: re.Pattern[str], parts: list[str]) -> str:
    matches = (pattern.fullmatch(part) for part in parts)
    return next((match[1] for match in matches if match), "")


def _clean(name: str) -> str:
    return redact_path(name.encode("utf-8", "surrogateescape"))
