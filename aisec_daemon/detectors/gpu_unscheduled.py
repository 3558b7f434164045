"""GPU unscheduled: somebody uses a GPU who, by the site's policy, should not."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from itertools import islice
from typing import Annotated, ClassVar, NamedTuple

import numpy as np

from aisec_daemon.model import Read, Rule, Severity, Snapshot, State, StateShape, Verdict, View

_STEP_SECONDS = 5.0  # between two readings of the same work; what is longer is a pause
_FULL = 1.5  # times `after`: no more is remembered, so that it is over soon
_ROWS = 4096
_JOB = "job "  # begins the key of a process that was seen in a scheduler's job
_WORK = "work "  # begins the key of a program

Memory = Mapping[str, tuple[float, ...]]


class _Words(NamedTuple):
    """What the policy asks of a process; None: could not be read."""

    kind: str | None
    slurm_job: str | None
    user: str | None
    unit: str | None
    container: str | None
    pod: str | None
    executable: str | None
    image: str | None


class _Judged(NamedTuple):
    """One process: whether it breaks the policy (None: not known), and which."""

    key: str
    breaks: bool | None
    why: str


@dataclass(frozen=True)
class GpuUnscheduled:
    """Holds compute processes on GPUs against who may use them.

    `require_job` false and no patterns: automatic. Patterns alone: who fits none of them. With
    `require_job`: whoever is in no job and fits none of the patterns.
    """

    rule: ClassVar[Rule] = Rule(
        "gpu_unscheduled",
        title="GPU used outside the scheduler or the policy",
        severity=Severity.WARNING,
        technique="T1496",
        benign="Tests by administrators, health checks before a job (dcgmi diag), services of the "
        "node itself.",
        hold=0.0,
        quiet=60.0,
    )
    memory: ClassVar[StateShape | None] = StateShape(
        version=1, fields=("seconds", "seen_timestamp_seconds"), rows=_ROWS
    )
    peers: ClassVar[bool] = True  # processes in jobs show that there is a scheduler

    users: Annotated[tuple[str, ...], "patterns of users who may use GPUs"] = ()
    units: Annotated[tuple[str, ...], "patterns of systemd units that may"] = ()
    containers: Annotated[tuple[str, ...], "patterns of container ids that may"] = ()
    pods: Annotated[tuple[str, ...], "patterns of Kubernetes pods' UIDs that may"] = ()
    executables: Annotated[tuple[str, ...], "patterns of programs' paths that may"] = ()
    images: Annotated[tuple[str, ...], "patterns of images whose containers may"] = ()
    require_job: Annotated[bool, "others must be in a Slurm job or a Kubernetes pod"] = False
    automatic: Annotated[bool, "without a policy: require it where there is a scheduler"] = True
    jobs_seen: Annotated[int, "GPU processes in jobs that show that there is one"] = 20
    remember: Annotated[float, "seconds for which they show it"] = 2592000.0
    after: Annotated[float, "seconds of use before it is told"] = 60.0

    def __post_init__(self) -> None:
        if self.after <= 0 or self.remember <= 0:
            raise ValueError("after and remember must be more than 0 seconds")
        if not 1 <= self.jobs_seen <= _ROWS // 4:
            raise ValueError(f"jobs_seen must be 1 to {_ROWS // 4}")

    @property
    def reads(self) -> tuple[Read, ...]:
        """Every list of the processes on GPUs calls it."""
        return (Read("gpu_process"),)

    def __call__(self, state: State, *views: View | None) -> tuple[State, Verdict]:
        """Judge everybody who computes on a GPU."""
        (given,) = views
        if given is None:
            return state, Verdict((), np.empty(0))
        now, time = given.latest, given.time
        columns = [now.labels[name] for name in _Words._fields]
        rows = [_Words(*words) for words in zip(*columns, strict=True)]
        known = dict(zip(state.keys, map(tuple, state.values.tolist()), strict=True))
        jobs = self._jobs(known, now.labels["process"], rows, time)
        scheduled = len(jobs) >= self.jobs_seen
        verdicts = {words: self._judge(words, scheduled=scheduled) for words in set(rows)}
        judged = [verdicts[words] for words in rows]
        work = self._weigh(known, verdicts.values(), time)
        keys = (*jobs, *work)
        values = np.array([*jobs.values(), *work.values()], dtype=np.float64)
        return State(keys, values.reshape(len(keys), 2)), self._verdict(now, rows, judged, work)

    def _jobs(
        self, known: Memory, processes: Sequence[str | None], rows: Sequence[_Words], time: float
    ) -> dict[str, tuple[float, ...]]:
        """Return processes seen in jobs, the latest `jobs_seen` of them: more show no more."""
        jobs = {key: row for key, row in known.items() if key.startswith(_JOB)}
        seen = (process for process, words in zip(processes, rows, strict=True) if _in_job(words))
        jobs |= {f"{_JOB}{process}": (0.0, time) for process in islice(seen, self.jobs_seen)}
        recent = [key for key, row in jobs.items() if time - row[1] < self.remember]
        latest = sorted(recent, key=lambda key: (-jobs[key][1], key))[: self.jobs_seen]
        return {key: jobs[key] for key in sorted(latest)}

    def _judge(self, words: _Words, *, scheduled: bool) -> _Judged:
        """Hold one process against the policy."""
        key = f"{words.executable or ''} {words.user or ''} {words.container or ''}".rstrip()
        patterns = (self.users, self.units, self.containers, self.pods, self.executables)
        policy = any(patterns) or bool(self.images)
        required = self.require_job or (self.automatic and not policy and scheduled)
        computes = not {"compute", "mps"}.isdisjoint((words.kind or "").split("+"))
        if not computes or not (policy or required):
            return _Judged(key, breaks=False, why="")
        asked = (words.user, words.unit, words.container, words.pod, words.executable)
        fits = [_fits(*pair) for pair in zip(asked, patterns, strict=True)]
        fits.append(_fits_image(words, self.images))
        if required:
            fits.append(_in_job(words))
        why = "is in no scheduler's job" if required else "is not among those who may use GPUs"
        if True in fits:
            return _Judged(key, breaks=False, why=why)
        return _Judged(key, breaks=None if None in fits else True, why=why)

    def _weigh(
        self, known: Memory, judged: Collection[_Judged], time: float
    ) -> dict[str, tuple[float, ...]]:
        """Return for how many seconds each program has broken the policy, and when last seen.

        A pause takes off as many seconds as it lasts.
        """
        most = _FULL * self.after
        work = {k: v for k, v in known.items() if k.startswith(_WORK) and time - v[1] < most}
        for key in {f"{_WORK}{one.key}" for one in judged if one.breaks}:
            seconds, last = work.get(key, (0.0, time))
            pause = max(time - last, 0.0)
            seconds += pause if pause <= _STEP_SECONDS else -pause
            work[key] = (min(max(seconds, 0.0), most), time)
        latest = sorted(work, key=lambda key: (-work[key][1], key))[: _ROWS - self.jobs_seen]
        return {key: work[key] for key in sorted(latest)}

    def _verdict(
        self,
        now: Snapshot,
        rows: Sequence[_Words],
        judged: Sequence[_Judged],
        work: Memory,
    ) -> Verdict:
        seconds = [
            work.get(f"{_WORK}{one.key}", (0.0,))[0] if one.breaks else 0.0 for one in judged
        ]
        score = np.array(seconds, dtype=np.float64) / self.after
        score[[one.breaks is None for one in judged]] = np.nan
        return Verdict(
            now.subjects,
            score,
            {"used_seconds": tuple(seconds)},
            tuple(
                _reason(now, row, rows[row], one.why) if past else ""
                for row, (one, past) in enumerate(zip(judged, score >= 1, strict=True))
            ),
            tuple(one.key for one in judged),
        )


def _in_job(words: _Words) -> bool | None:
    """Tell whether a process is in a scheduler's job; None if that could not be read."""
    if words.slurm_job or words.pod:
        return True
    return None if words.slurm_job is None or words.pod is None else False


def _fits(word: str | None, patterns: tuple[str, ...]) -> bool | None:
    """Tell whether a word fits a pattern; None if it could not be read and there are any."""
    if word is None:
        return None if patterns else False
    return any(fnmatchcase(word, pattern) for pattern in patterns)


def _fits_image(words: _Words, patterns: tuple[str, ...]) -> bool | None:
    """Tell whether the image of its container fits; None if not even the container was read.

    Whoever calls a group of his own like a container has an unread image: that is no excuse.
    """
    if words.container is None:
        return _fits(None, patterns)
    return bool(words.image) and _fits(words.image, patterns)


def _reason(now: Snapshot, row: int, words: _Words, why: str) -> str:
    image = "an unread image" if words.image is None else f"image {words.image}"
    container = f", container {words.container[:12]} of {image}" if words.container else ""
    unit = f", unit {words.unit}" if words.unit else ""
    program = words.executable or now.labels["name"][row] or "a program"
    who = f"user {words.user or 'unknown'}{container}{unit}"
    where = f"{now.labels['uuid'][row]} and {why}"
    return f"process {now.labels['pid'][row]} ({program}, {who}) computes on {where}"
