"""Answers of the child as frames, and back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

from aisec_daemon.host.nvml.fields import FIELDS, PROCESS_FIELDS
from aisec_daemon.host.nvml.frames import Frame, FrameError, Kind
from aisec_daemon.host.nvml.row import Answer, Identity, Process, Row, Xid


def from_answer(answer: Answer) -> Frame:
    """Return the frame that says what reading a GPU gave."""
    numbers: list[float] = []
    for row in answer.rows:
        numbers += row.numbers
        for process in row.processes or ():
            numbers += process.numbers
    words = {
        "index": answer.index,
        "code": answer.code,
        "error": answer.error,
        "xids": answer.xids,
        "rows": [_row_words(row) for row in answer.rows],
    }
    return Frame(Kind.GPU, words, tuple(numbers))


def to_answer(frame: Frame) -> Answer:
    """Return what a frame of `from_answer` says; FrameError if it is none."""
    words = frame.words
    try:
        numbers = iter(frame.numbers)
        rows = tuple(_row(row, numbers) for row in words["rows"])
        xids = words["xids"]
        return Answer(
            int(words["index"]),
            rows,
            int(words["code"]),
            str(words["error"]),
            None if xids is None else tuple(Xid(*xid) for xid in xids),
        )
    except (KeyError, TypeError, ValueError, StopIteration) as error:
        raise FrameError(f"not the answer of a GPU: {error}") from None


def _row_words(row: Row) -> dict[str, Any]:
    pids = None if row.processes is None else [(x.pid, x.kinds) for x in row.processes]
    return {"who": row.identity, "error": row.error, "pids": pids}


def _row(words: Mapping[str, Any], numbers: Iterator[float]) -> Row:
    own = _take(numbers, len(FIELDS))
    pids = words["pids"]
    processes = None if pids is None else tuple(_process(x, numbers) for x in pids)
    return Row(Identity(*words["who"]), own, processes, words["error"])


def _process(words: tuple[int, list[str]], numbers: Iterator[float]) -> Process:
    pid, kinds = words
    return Process(pid, tuple(kinds), _take(numbers, len(PROCESS_FIELDS)))


def _take(numbers: Iterator[float], count: int) -> tuple[float, ...]:
    taken = tuple(islice(numbers, count))
    if len(taken) < count:
        raise ValueError(f"{len(taken)} numbers where {count} belong")
    return taken
