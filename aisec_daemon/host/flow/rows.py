"""What the memory of an asset's flows tells, row by row."""

from __future__ import annotations

import math
from collections.abc import Iterator
from hashlib import blake2b
from typing import NamedTuple

from aisec_daemon.host.flow.seen import DIRECTIONS, Flow, Seen, Target
from aisec_daemon.host.workload.asset import Asset


class Row(NamedTuple):
    """One flow of an asset; `text` is what it leads to as people read it.

    `files` and `connections` are those that are open now, `size` the bytes of the files; NaN where
    they do not apply or were not read. `left_out` flows of the asset found no room, and `unread`
    open files of it nobody has looked at: told in its first row, since they are not the row's own.
    """

    subject: str
    asset: str
    identity: str
    target: Target
    text: str
    direction: str
    files: float
    size: float
    connections: float
    first: float
    last: float
    left_out: float
    unread: float


class _Part(NamedTuple):
    text: str
    direction: int
    files: float = math.nan
    size: float = math.nan
    connections: float = math.nan


def rows(asset: Asset, seen: Seen, unread: float) -> Iterator[Row]:
    """Yield a row for each file or service, or one for all files of a kind in a folder."""
    left_out = float(seen.left_out)
    for target, flow in seen.flows.items():
        for part in _parts(target, flow):
            yield Row(
                _subject(asset.subject, target, part.text),
                asset.subject,
                asset.group.identity,
                target,
                part.text,
                DIRECTIONS[part.direction],
                part.files,
                part.size,
                part.connections,
                flow.first,
                flow.last,
                left_out,
                unread,
            )
            left_out = unread = math.nan


def _parts(target: Target, flow: Flow) -> Iterator[_Part]:
    if target.kind == "service":
        connected = float(flow.connections) if target.scope else math.nan
        yield _Part(target.place, 0, connections=connected)
        return
    place = target.place.rstrip("/")
    if flow.names is None:
        text = f"{place}/*.{target.format}" if target.format else place
        size = sum(size for _, size in flow.open.values()) if flow.open else math.nan
        yield _Part(text, flow.direction, float(len(flow.open)), size)
        return
    for name, direction in flow.names.items():
        sizes = [size for known, size in flow.open.values() if known == name]
        size = sum(sizes) if sizes else math.nan
        yield _Part(f"{place}/{name}", direction, float(len(sizes)), size)


def _subject(asset: str, target: Target, text: str) -> str:
    """Return a row's subject: short, and the same each time."""
    words = "\0".join((*target[:3], *target.storage, *target[4:], text))
    return f"{asset}/{blake2b(words.encode(), digest_size=6).hexdigest()}"
