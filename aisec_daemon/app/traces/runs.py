"""Runs: the lines of a log under one heading each, split into fields."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from aisec_daemon.app.traces.faults import Faults
from aisec_daemon.app.traces.headings import Heading
from aisec_daemon.app.traces.lines import lines

_DATA = frozenset(b" 0123456789")


class Rows(NamedTuple):
    """Rows and their line numbers; `heading` is new where `begins`."""

    heading: Heading
    begins: bool
    lines: list[int]
    fields: list[list[bytes]]


def runs(
    path: Path, faults: Faults, read_heading: Callable[[bytes], Heading | None]
) -> Iterator[Rows]:
    """Yield rows in order; a heading that only repeats itself (dmon, pmon) begins nothing.

    A row that holds NUL bytes or is beyond bounds has no fields; remarks (`#`) are passed over.
    """
    heading = None
    repeats = False
    for first, texts in lines(path, faults):
        begin, begins = 0, False
        for at in [at for at, text in enumerate(texts) if text and text[0] not in _DATA]:
            found = read_heading(texts[at])
            if found is None:
                continue
            repeats = texts[at].lstrip().startswith(b"#")
            if heading is not None and repeats and found.names == heading.names:
                continue
            yield from _rows(heading, begins, first + begin, texts[begin:at], faults)
            heading, begin, begins = found, at + 1, True
        yield from _rows(heading, begins, first + begin, texts[begin:], faults)


def _rows(
    heading: Heading | None, begins: bool, first: int, texts: list[bytes], faults: Faults
) -> Iterator[Rows]:
    kept = [(n, t) for n, t in enumerate(texts, first) if t and not t.isspace() and t[0] != _REMARK]
    if heading is None:
        for number, _ in kept:
            faults.bad(number, "it is above the heading")
        return
    split = heading.split
    fields = [[] if b"\0" in text else split(text) for _, text in kept]
    yield Rows(heading, begins, [number for number, _ in kept], fields)


_REMARK = ord("#")
