"""Who is judged: each process on each GPU, GPUs that work for nobody, and listed processes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from aisec_daemon.model import Snapshot, View
from aisec_daemon.model.snapshot import Word

NOBODY = "no visible process"
_Part: TypeAlias = tuple[
    tuple[str, ...], tuple[str, ...], tuple[str, ...], tuple[dict[str, str], ...]
]
_NONE: _Part = ((), (), (), ())
_COPIED = (
    *("executable", "executable_hash", "name", "command", "command_hash", "user", "container"),
    *("image", "pod", "unit", "slurm_job", "process", "uuid", "pid"),
)


@dataclass(frozen=True, eq=False)
class Rows:
    """What is judged, a row each.

    `gpu` is the row's GPU in the snapshot of table gpu, -1 without one; `use` its row in
    gpu_process, -1 without one; `processes` the subject of its process, empty without one.
    """

    subjects: tuple[str, ...]
    keys: tuple[str, ...]
    processes: tuple[str, ...]
    words: tuple[Mapping[str, str], ...]
    gpu: NDArray[np.intp]
    use: NDArray[np.intp]

    def __len__(self) -> int:
        return len(self.subjects)

    @property
    def in_job(self) -> NDArray[np.bool_]:
        """Whether a scheduler gave each row its work."""
        return marked(bool(w.get("slurm_job") or w.get("pod")) for w in self.words)


def marked(answers: Iterable[bool]) -> NDArray[np.bool_]:
    """Return answers as an array, also when there are none."""
    return np.fromiter(answers, dtype=np.bool_)


def gather(gpu: Snapshot | None, uses: View | None, processes: View | None) -> Rows:
    """Return the rows of these snapshots."""
    at = {uuid: row for row, uuid in enumerate(gpu.subjects)} if gpu else {}
    parts = [_of_uses(uses.latest) if uses else _NONE]
    used = set(uses.latest.labels["uuid"]) if uses else set()
    parts.append(_of_gpus(gpu, used) if gpu else _NONE)
    known = set(parts[0][2])
    parts.append(_of_listed(processes.latest, known) if processes else _NONE)
    subjects, keys, whose, words = (sum(column, ()) for column in zip(*parts, strict=True))
    gpus = [at.get(w.get("uuid", ""), -1) for w in words]
    use = np.full(len(subjects), -1, dtype=np.intp)
    use[: len(parts[0][0])] = np.arange(len(parts[0][0]))
    return Rows(subjects, keys, whose, words, np.array(gpus, dtype=np.intp), use)


def _of_uses(uses: Snapshot) -> _Part:
    """One row for each process on a GPU."""
    labels = tuple(uses.labels[name] for name in _COPIED)
    return _described(uses.subjects, labels)


@lru_cache(maxsize=4)
def _described(subjects: tuple[str, ...], labels: tuple[tuple[Word, ...], ...]) -> _Part:
    columns = zip(*labels, strict=True) if subjects else ()
    words = tuple(
        {name: word for name, word in zip(_COPIED, row, strict=True) if word} for row in columns
    )
    keys = tuple(map(case_of, words))
    return subjects, keys, tuple(w.get("process", "") for w in words), words


def _of_gpus(gpu: Snapshot, used: set[Word]) -> _Part:
    """Return GPUs and MIG instances on which nobody is listed; one that is cut up is not one."""
    cut = set(gpu.labels["parent"])
    bare = [uuid for uuid in gpu.subjects if uuid not in used and uuid not in cut]
    words = tuple({"uuid": uuid} for uuid in bare)
    return tuple(bare), (NOBODY,) * len(bare), ("",) * len(bare), words


def _of_listed(processes: Snapshot, known: set[str]) -> _Part:
    """Return processes without a GPU that a list knows."""
    indicators = processes.labels["indicators"]
    rows = [
        row
        for row, found in enumerate(indicators)
        if found and processes.subjects[row] not in known
    ]
    words = tuple(_words(processes, row) for row in rows)
    subjects = tuple(processes.subjects[row] for row in rows)
    return subjects, tuple(map(case_of, words)), subjects, words


def _words(snapshot: Snapshot, row: int) -> dict[str, str]:
    read = ((name, snapshot.labels[name][row]) for name in _COPIED if name in snapshot.labels)
    return {name: word for name, word in read if word}


def case_of(words: Mapping[str, str]) -> str:
    """Name the case by what a restart or another GPU does not change."""
    program = words.get("executable") or words.get("name") or "unknown program"
    parts = (program, words.get("user", ""), words.get("container", ""))
    return "|".join(parts)


def numbered(keys: Sequence[str]) -> NDArray[np.intp]:
    """Return the number of each row's case."""
    known: dict[str, int] = {}
    return np.array([known.setdefault(key, len(known)) for key in keys], dtype=np.intp)
