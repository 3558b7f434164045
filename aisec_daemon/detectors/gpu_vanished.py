"""GPU vanished: a GPU that was there is no longer listed by the driver."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated, ClassVar

import numpy as np
from numpy.typing import NDArray

from aisec_daemon.model import Read, Rule, Severity, State, StateShape, Verdict, View
from aisec_daemon.model.snapshot import Word

_NAMELESS = "unknown-"  # what table `gpu` calls a GPU that never answered


@dataclass(frozen=True)
class GpuVanished:
    """Remembers every GPU for `forget` seconds, across restarts of the daemon and the machine.

    MIG instances come and go by design and are not remembered, nor is a GPU that has not told its
    name yet.
    """

    rule: ClassVar[Rule] = Rule(
        "gpu_vanished",
        title="A GPU is gone",
        severity=Severity.HIGH,
        benign="A GPU taken out, given to a virtual machine, or fallen off the bus (Xid 79).",
        hold=0.0,
        quiet=10.0,
    )
    memory: ClassVar[StateShape | None] = StateShape(
        version=1, fields=("last_seen_timestamp_seconds",), rows=256
    )
    peers: ClassVar[bool] = False

    after: Annotated[float, "seconds a GPU must be missing before it is told"] = 10.0
    forget: Annotated[float, "seconds after which a missing GPU is no longer expected"] = 604800.0

    def __post_init__(self) -> None:
        if not 0 < self.after < self.forget:
            raise ValueError("after must be more than 0 and less than forget")

    @property
    def reads(self) -> tuple[Read, ...]:
        """Every reading of the GPUs calls it; one that failed does not, and so accuses none."""
        return (Read("gpu"),)

    def __call__(self, state: State, *views: View | None) -> tuple[State, Verdict]:
        """Compare the GPUs that are there with those that were."""
        (gpus,) = views
        if gpus is None:
            return state, Verdict((), np.empty(0))
        uuids = _present(gpus.subjects, gpus.label("kind"))
        if uuids == state.keys:  # everybody is there, as nearly always
            seen = np.empty((len(uuids), 1))
            seen.fill(gpus.time)
            return State(uuids, seen), _calm(uuids)
        uuids, last = self._remembered(state, uuids, gpus.time)
        missing = gpus.time - last
        verdict = Verdict(
            uuids,
            missing / self.after,
            {"missing_seconds": tuple(missing.tolist())},
            tuple(map(self._reason, uuids, missing.tolist())),
        )
        return State(uuids, last.reshape(-1, 1)), verdict

    def _remembered(
        self, state: State, present: tuple[str, ...], time: float
    ) -> tuple[tuple[str, ...], NDArray[np.float64]]:
        """Return the GPUs that are expected, and when each was last seen."""
        seen = dict(zip(state.keys, state.values[:, 0].tolist(), strict=True))
        seen |= dict.fromkeys(present, time)
        uuids = tuple(
            sorted(
                uuid
                for uuid, last in seen.items()
                if time - last < self.forget and not uuid.startswith(_NAMELESS)
            )
        )
        return uuids, np.array([seen[uuid] for uuid in uuids])

    def _reason(self, uuid: str, missing: float) -> str:
        if missing < self.after:
            return ""
        return f"GPU {uuid} was last seen {missing:.0f} s ago and the driver no longer lists it"


@lru_cache(maxsize=4)
def _calm(uuids: tuple[str, ...]) -> Verdict:
    """Return the verdict that nobody is missing."""
    calm = np.zeros(len(uuids))
    calm.setflags(write=False)
    facts = {"missing_seconds": (0.0,) * len(uuids)}
    return Verdict(uuids, calm, facts, ("",) * len(uuids))


@lru_cache(maxsize=4)
def _present(uuids: tuple[str, ...], kinds: tuple[Word, ...]) -> tuple[str, ...]:
    """Return the GPUs that have a name and are whole, sorted."""
    rows = zip(uuids, kinds, strict=True)
    return tuple(sorted(u for u, kind in rows if kind != "mig" and not u.startswith(_NAMELESS)))
