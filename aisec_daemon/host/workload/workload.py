"""One process of an AI workload."""

from __future__ import annotations

from dataclasses import dataclass

from aisec_daemon.host.proc.identity import ProcessIdentity


@dataclass(frozen=True)
class Workload:
    """A process, and why it counts as one of an AI workload.

    `asset` is the subject of the row of table `asset` that it belongs to; `on_gpu` tells whether
    NVML lists it or it holds a node of the driver; `libraries` are words of `libraries.toml` that
    it has loaded; `service` is a word of `services.toml` for the program that it runs, like
    `jupyter`, empty if it is none we know.
    """

    identity: ProcessIdentity
    asset: str
    on_gpu: bool
    libraries: frozenset[str]
    service: str = ""
