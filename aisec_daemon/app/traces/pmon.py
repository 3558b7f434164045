"""Logs of `nvidia-smi pmon`, as nvidia-smi(1), "Process Monitoring", tells of its columns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from aisec_daemon.app.traces.columns import PMON, Quantity, placed
from aisec_daemon.app.traces.faults import Faults
from aisec_daemon.app.traces.gpus import word
from aisec_daemon.app.traces.headings import Heading, monitor_heading
from aisec_daemon.app.traces.numbers import parse
from aisec_daemon.app.traces.runs import Rows, runs
from aisec_daemon.app.traces.steady import Steady
from aisec_daemon.app.traces.timing import Counted, Times, Timing
from aisec_daemon.model import Snapshot, Table
from aisec_daemon.model.snapshot import Word

_PERIOD = 1.0
_MOST_PROCESSES = 1 << 16  # a poll with more is no poll
_KINDS = {"C": "compute", "G": "graphics", "M": "mps"}
_NO_PROCESS = b"-"


@dataclass
class _Poll:
    """What one look at all GPUs has shown so far."""

    time: float
    gpu: int = -1
    numbers: dict[str, list[float]] = field(default_factory=dict)
    words: dict[str, Mapping[str, Word]] = field(default_factory=dict)
    idle: set[int] = field(default_factory=set)


def read_pmon(path: Path, table: Table, timing: Timing, faults: Faults) -> Iterator[Snapshot]:
    """Yield the processes that pmon logged; without -o T it is taken to have looked once a second.

    A poll begins where the GPU's index falls, where a process (or the line of a GPU without any)
    appears again, and where the time changes on one GPU. The processes of two polls of one GPU that
    share none and have no times are taken for one.
    """
    clock = Steady(faults, timing.period)
    untimed = Counted(timing.start, timing.period or _PERIOD)
    log: _Log | None = None
    for rows in runs(path, faults, monitor_heading):
        if log is None or rows.begins:
            if log is not None and log.poll is not None:
                yield log.snapshot()
            log = _Log(table, rows.heading, timing, untimed, clock, faults)
        yield from log.add(rows)
    if log is not None and log.poll is not None:
        yield log.snapshot()


class _Log:
    """The polls under one heading."""

    def __init__(
        self,
        table: Table,
        heading: Heading,
        timing: Timing,
        untimed: Counted,
        clock: Steady,
        faults: Faults,
    ) -> None:
        self.poll: _Poll | None = None
        self._table = table
        self._names = heading.names
        self._columns: dict[int, tuple[int, Quantity]] = placed(heading.names, PMON, table)
        self._time_at, self._times = timing.of_monitor(heading.names)
        self._untimed = untimed
        self._clock = clock
        self._faults = faults

    def add(self, rows: Rows) -> Iterator[Snapshot]:
        """Take rows in order and yield the polls that are complete."""
        wide = [len(fields) == len(self._names) for fields in rows.fields]
        kept = [fields for fields, fits in zip(rows.fields, wide, strict=True) if fits]
        times = iter(_times_of(kept, self._time_at, self._times))
        for line, fields, fits in zip(rows.lines, rows.fields, wide, strict=True):
            time = next(times) if fits else None
            place = _place(dict(zip(self._names, fields, strict=False))) if fits else None
            if place is None or (time is not None and not np.isfinite(time)):
                self._faults.bad(line, "it is no line of pmon")
                continue
            if self.poll is None or self._begins(*place, time):
                if self.poll is not None:
                    yield self.snapshot()
                now = self._untimed(1)[0] if time is None else time
                self.poll = _Poll(float(now))
            self._put(*place, fields)

    def snapshot(self) -> Snapshot:
        """Return the poll so far, its time mended."""
        poll = self.poll or _Poll(0.0)
        values = np.array(list(poll.numbers.values()), dtype=np.float64)
        labels = {
            label.name: tuple(words.get(label.name) for words in poll.words.values())
            for label in self._table.labels
        }
        return Snapshot(
            self._table,
            self._clock.next(poll.time),
            tuple(poll.numbers),
            values.reshape(len(poll.numbers), len(self._table.columns)),
            labels,
        )

    def _begins(self, gpu: int, pid: int | None, time: float | None) -> bool:
        poll = self.poll
        if poll is None or gpu < poll.gpu or len(poll.numbers) >= _MOST_PROCESSES:
            return True
        if gpu == poll.gpu and time is not None and time != poll.time:
            return True
        return gpu in poll.idle if pid is None else _subject(gpu, pid) in poll.numbers

    def _put(self, gpu: int, pid: int | None, fields: list[bytes]) -> None:
        poll = self.poll
        if poll is None:
            return
        poll.gpu = gpu
        if pid is None:
            poll.idle.add(gpu)
            return
        numbers = [np.nan] * len(self._table.columns)
        for column, (at, quantity) in self._columns.items():
            numbers[column] = parse(fields[at], quantity)
        named = dict(zip(self._names, fields, strict=True))
        subject = _subject(gpu, pid)
        poll.numbers[subject] = numbers
        poll.words[subject] = {
            "uuid": f"gpu-{gpu}",
            "pid": str(pid),
            "process": f"{pid}:?",
            "kind": _kind(word(named.get("type", b""))),
            "name": word(named.get("command", b"")),
        }


def _times_of(
    rows: list[list[bytes]], at: tuple[int, ...], times: Times | None
) -> list[float] | list[None]:
    if times is None or not rows:
        return [None] * len(rows)
    found: list[float] = times(*([fields[a] for fields in rows] for a in at)).tolist()
    return found


def _place(named: Mapping[str, bytes]) -> tuple[int, int | None] | None:
    """Return the GPU's index and the pid (None: no process there), or None if there is neither."""
    gpu, pid = named["gpu"].strip(), named["pid"].strip()
    if not _is_number(gpu):
        return None
    if pid == _NO_PROCESS:
        return int(gpu), None
    return (int(gpu), int(pid)) if _is_number(pid) else None


def _is_number(text: bytes) -> bool:
    return text.isdigit() and len(text) <= 10  # noqa: PLR2004 - as many digits as 32 bits have


def _subject(gpu: int, pid: int) -> str:
    return f"gpu-{gpu}/{pid}:?"


def _kind(text: Word) -> Word:
    kinds = [_KINDS[letter] for letter in (text or "").split("+") if letter in _KINDS]
    return "+".join(kinds) or None
