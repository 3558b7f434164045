"""Lines: numbered lines of a file, thousands at a time, none of them beyond bounds."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from aisec_daemon.app.traces.blocks import blocks
from aisec_daemon.app.traces.faults import Faults

LONGEST = 1 << 16
"""Longest line of a log, in bytes."""

OVERLONG = b"\0overlong"
"""Stands in the place of a line that is longer."""

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


class Lines(NamedTuple):
    """Lines that follow each other; the first has the number `first`, counting from 1."""

    first: int
    texts: list[bytes]


def lines(path: Path, faults: Faults, longest: int = LONGEST) -> Iterator[Lines]:
    """Yield a file's lines without their ends; OSError if it cannot be read."""
    number, rest, skipping = 1, b"", False
    places: list[str] = []
    for block in blocks(path, places.append):
        while places:
            faults.bad(number, places.pop(0))
        text = rest + block
        if number == 1 and not skipping:
            text = text.removeprefix(_BYTE_ORDER_MARK)
        *texts, rest = text.split(b"\n")
        if skipping and texts:
            texts[0], skipping = OVERLONG, False
        if skipping or len(rest) > longest:
            rest, skipping = b"", True
        if texts:
            yield Lines(number, [t if len(t) <= longest else OVERLONG for t in texts])
            number += len(texts)
    if rest or skipping:
        yield Lines(number, [OVERLONG if skipping else rest])
    for place in places:
        faults.bad(number, place)
