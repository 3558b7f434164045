"""Truth: what a trace really shows, kept beside it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from aisec_daemon.model import Severity


class Kind(str, Enum):
    """What a scene is."""

    MINING = "mining"
    CRACKING = (
        "cracking"  # hash cracking: unwanted, but no mining; its silence and its warning are right
    )
    HONEST = "honest"


@dataclass(frozen=True)
class Truth:
    """One scene: what ran on which GPUs, and from when to when (seconds since 1970).

    `family` is the algorithm or the kind of honest work, `evasion` how a miner hides (empty: not
    at all). `processes` are the subjects of its GPU processes as table `process` names them, empty
    where nobody shows them. `most` is the worst that may be said of it; None: nothing.
    `rules` are other rules that should speak. `origin` is simulated, recorded or public.
    """

    kind: Kind
    family: str
    card: str
    gpus: tuple[str, ...]
    begin: float
    end: float
    evasion: str = ""
    processes: tuple[str, ...] = ()
    most: Severity | None = None
    rules: tuple[str, ...] = ()
    origin: str = "simulated"

    @property
    def seconds(self) -> float:
        """How long it lasts, times the GPUs that it is on."""
        return (self.end - self.begin) * len(self.gpus)
