"""Mining: a GPU works for somebody who does not own it.

Evidence of independent families (what the GPU does, which program it is, the shape of its
connections, what it hides, known lists) is added up as logarithms of likelihood ratios, see
`pieces`. No piece decides, but for two ways of hiding that honest programs do not have; honest
signs subtract at most what the strongest suspicious family adds, and never veto; they explain no
name on a list, whose program may just not have reached its pool yet.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np

from aisec_daemon.detectors.mining import behaviour, flows, fuse, gpus, ledger, programs, words
from aisec_daemon.detectors.mining.ledger import Ledger
from aisec_daemon.detectors.mining.rows import Rows, gather, marked
from aisec_daemon.model import Read, Rule, Severity, State, StateShape, Verdict, View
from aisec_daemon.numerics.window import Array, filled

_RHYTHM_SECONDS = 600.0
_CONTEXT_SECONDS = 60.0
_JUDGED_SECONDS = 60.0  # where processes are read, they call it every two seconds
_WORKS = 0.3
_DAY_WATT_HOURS = 300.0


@dataclass(frozen=True)
class Mining:
    """Every process on every GPU, GPUs that work for nobody, and processes that a list knows."""

    rule: ClassVar[Rule] = Rule(
        "mining",
        title="A GPU or processor is used for mining",
        severity=Severity.WARNING,
        technique="T1496",
        benign="Hash cracking, zero-knowledge proving, molecular dynamics, rendering, burn-in "
        "tests, volunteer computing; permitted mining goes into [[allow]].",
        hold=0.0,
        quiet=120.0,
    )
    memory: ClassVar[StateShape | None] = ledger.SHAPE
    peers: ClassVar[bool] = True  # GPUs of one program are compared with each other

    window_seconds: Annotated[float, "how long behaviour is looked at before it is judged"] = 30.0
    settle_readings: Annotated[int, "readings of a GPU below which nothing is said of it"] = 20

    def __post_init__(self) -> None:
        if not 10 <= self.window_seconds <= _RHYTHM_SECONDS:
            raise ValueError(f"window_seconds must be between 10 and {_RHYTHM_SECONDS:.0f}")
        if self.settle_readings < 2:
            raise ValueError("settle_readings must be at least 2")

    @property
    def reads(self) -> tuple[Read, ...]:
        """The GPUs now and then; processes at once, so that a listed name needs no GPU."""
        rates = ("read_bytes_per_second", "written_bytes_per_second")
        traffic = ("sent_bytes_per_second", "received_bytes_per_second")
        return (
            Read("gpu", _RHYTHM_SECONDS, gpus.COLUMNS, every=_JUDGED_SECONDS),
            Read("gpu_process", self.window_seconds, ("sm_utilization_ratio",)),
            Read("process", _CONTEXT_SECONDS, ("cpu_seconds_per_second",), wakes=True),
            Read("program", _CONTEXT_SECONDS, rates),
            Read("socket", _CONTEXT_SECONDS, traffic),
        )

    def __call__(self, state: State, *views: View | None) -> tuple[State, Verdict]:
        """Weigh what is known of each row."""
        gpu, uses, processes, *_ = views
        if processes is None and uses is None and (gpu is None or not gpus.tells(gpu)):
            subjects = gpu.subjects if gpu is not None else ()
            return state, Verdict(subjects, np.full(len(subjects), np.nan))
        time = max(view.time for view in views if view is not None)
        rows = gather(gpu.latest if gpu else None, uses, processes)
        memory = Ledger(state, time)
        memory.see(rows)
        weighed = self._weigh(rows, memory, time, *views)
        memory.charge(rows.keys, _own_watts(rows, weighed))
        return memory.close(), words.verdict(rows, weighed)

    def _weigh(self, rows: Rows, memory: Ledger, time: float, *views: View | None) -> fuse.Weighed:
        """Gather every piece of evidence about every row, and add them up."""
        gpu, uses, processes, program, sockets = views
        if gpu is None:
            pieces, numbers, coins = behaviour.nothing(rows)
        else:
            found = gpus.features(gpu, self.window_seconds, self.settle_readings)
            pieces, numbers, coins = behaviour.evidence(rows, gpu, found, uses, time)
        work = numbers["hard"], numbers["own_load"]
        more, context, texts = programs.evidence(rows, program, processes, *work)
        looked_at = frozenset(program.subjects) if program is not None else frozenset()
        shapes, flow, peers = flows.evidence(rows, sockets, looked_at)
        pieces |= more | shapes | _remembered(rows, memory, numbers)
        numbers |= context | flow
        numbers["watt_hours"] = memory.watt_hours(rows.keys)
        hungry = programs.known(
            numbers["watt_hours"], (numbers["watt_hours"] > _DAY_WATT_HOURS) & ~rows.in_job
        )
        pieces["ledger"] = np.where(pieces.get("framework", hungry) == 1, 0.0, hungry)
        unsettled = np.isnan(numbers["utilization"]) & np.isnan(numbers["ripple"])
        indices = gpu.latest.labels["index"] if gpu is not None else ()
        named = tuple(indices[at] or "" if at >= 0 else "" for at in rows.gpu.tolist())
        texts |= {"coin": coins, "peer": peers, "index": named}
        return fuse.weigh(len(rows), pieces, numbers, texts, unsettled)


def _remembered(rows: Rows, memory: Ledger, numbers: programs.Evidence) -> programs.Evidence:
    """Return what only memory tells: who is new, and what is unusual on this node."""
    listed = rows.use >= 0
    jobs = rows.in_job.astype(np.float64)
    works = filled(numbers["least_now"]) > _WORKS
    nobody = marked(not process for process in rows.processes)
    mystery = marked(process.endswith(":?") for process in rows.processes)
    lists = memory.lists_processes
    return {
        "scheduled": np.where(listed, jobs, np.nan),
        "unscheduled": np.where(listed & memory.has_scheduler, 1 - jobs, np.nan),
        "new_user": np.array([memory.new_user(w) for w in rows.words], dtype=np.float64)
        if memory.knows_users
        else np.full(len(rows), np.nan),
        "unresolved": np.where(memory.resolves, mystery.astype(np.float64), np.nan),
        "no_process": np.where(lists, (nobody & works).astype(np.float64), np.nan),
    }


def _own_watts(rows: Rows, weighed: fuse.Weighed) -> Array:
    """Return the power that each row's share of its GPU draws, 0 where it is not known."""
    share = filled(weighed.numbers["share"])
    share = np.where(np.isnan(weighed.numbers["share"]), 1.0 * (rows.gpu >= 0), share)
    return filled(weighed.numbers["power"]) * np.clip(share, 0.0, 1.0)
