"""One AI workload: the processes that run the same program for the same user in the same place."""

from __future__ import annotations

import re
from dataclasses import dataclass
from hashlib import blake2b
from typing import NamedTuple

from aisec_daemon.host.proc.identity import ProcessIdentity
from aisec_daemon.host.workload.workload import Workload

_UNREAD = "\x01"  # is no part of any word that was read
_NUMBERS = re.compile(r"[0-9a-f]{8,}|[0-9]+")
_RUN = re.compile(r"(?<=/)(?:job_?[0-9]+|tmp[\w.-]{6,}|[0-9]+)(?=/)")


class Group(NamedTuple):
    """What all processes of an asset have in common; None is what could not be read."""

    executable: str | None
    script: str
    user: str | None
    container: str | None
    pod: str | None
    slurm_job: str | None
    unit: str | None

    @classmethod
    def of(cls, identity: ProcessIdentity, script: str) -> Group:
        """Return the group of a process that runs a script."""
        return cls(
            identity.executable,
            script,
            identity.user,
            identity.container,
            identity.pod,
            identity.slurm_job,
            identity.unit,
        )

    @property
    def place(self) -> str:
        """The kind of place: pod, slurm, container or host."""
        kinds = (("pod", self.pod), ("slurm", self.slurm_job), ("container", self.container))
        return next((kind for kind, word in kinds if word), "host")

    @property
    def subject(self) -> str:
        """A short name for this very run."""
        return _hashed(*self)

    @property
    def lasting_script(self) -> str:
        """The script without the folders of a single run."""
        return _RUN.sub("#", self.script)

    @property
    def identity(self) -> str:
        """A short name that outlives a restart: ids of containers, pods and jobs are new then."""
        unit = None if self.unit is None else _NUMBERS.sub("#", self.unit)
        return _hashed(self.executable, self.lasting_script, self.user, self.place, unit)


@dataclass(frozen=True)
class Asset:
    """An AI workload; words are None where nobody could read them.

    `gpus` are UUIDs, None if NVML does not tell; `memory_bytes` is resident in all its processes,
    `gpu_memory_bytes` on all its GPUs, `started_ticks` since boot of the first of them; NaN where
    it was not read. `service` is the first that one of its processes runs.
    """

    group: Group
    workloads: tuple[Workload, ...]
    frameworks: tuple[str, ...]
    sites: tuple[str, ...]
    gpus: tuple[str, ...] | None
    executable_hash: str | None
    memory_bytes: float
    gpu_memory_bytes: float

    @property
    def subject(self) -> str:
        """The asset as rows name it."""
        return self.group.subject

    @property
    def service(self) -> str:
        """The service that it is; empty if it is none we know."""
        return next(iter(sorted(x.service for x in self.workloads if x.service)), "")

    @property
    def libraries(self) -> frozenset[str]:
        """Words of the libraries that its processes have loaded."""
        return frozenset().union(*(each.libraries for each in self.workloads))

    @property
    def login_user(self) -> str | None:
        """Who logged in to start it; several, or none."""
        words = {each.identity.login_user for each in self.workloads} - {None, ""}
        if words:
            return " ".join(sorted(str(word) for word in words))
        return None if any(x.identity.login_user is None for x in self.workloads) else ""

    @property
    def started_ticks(self) -> int:
        """When its oldest process started, in clock ticks since boot."""
        return min(each.identity.start_ticks for each in self.workloads)


def _hashed(*words: str | None) -> str:
    text = "\0".join(_UNREAD if word is None else word for word in words)
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()
