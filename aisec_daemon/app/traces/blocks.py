"""Blocks: the bytes of a file, gzip or plain, a bounded piece at a time.

A gzip file (RFC 1952) may have several members, one per start of whoever wrote it, and any of them
may be cut off. What could be inflated is kept; reading goes on at the next member.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from zlib import _Decompress as Inflater

_BLOCK = 1 << 16  # of the file
_PIECE = (
    1 << 16
)  # inflated: a small file may hold a great many zeros; small pieces stay in the caches
_BITE = 64  # of damaged data
_MEMBER = b"\x1f\x8b\x08"
_GZIP = 16 + zlib.MAX_WBITS


def blocks(path: Path, damaged: Callable[[str], None]) -> Iterator[bytes]:
    """Yield the content in order; call `damaged` with a reason where some of it is lost.

    OSError if the file cannot be read.
    """
    with path.open("rb") as file:
        first = file.read(_BLOCK)
        if first.startswith(_MEMBER[:2]):
            yield from _inflated(file, first, damaged)
            return
        while first:
            yield first
            first = file.read(_PIECE)


def _inflated(file: BinaryIO, data: bytes, damaged: Callable[[str], None]) -> Iterator[bytes]:
    inflater = zlib.decompressobj(_GZIP)
    before = b""  # what this member's last pieces came from: the next may begin in it
    while data:
        saved = inflater.copy()
        try:
            yield inflater.decompress(data, _PIECE)
        except zlib.error:
            yield from _until_the_fault(saved, data)
            damaged("damaged gzip data")
            data = _next_member(before + data) or _skip_to_member(file)
            before, inflater = b"", zlib.decompressobj(_GZIP)
            continue
        if inflater.eof:
            data = inflater.unused_data.lstrip(b"\0") or file.read(_BLOCK)
            before, inflater = b"", zlib.decompressobj(_GZIP)
            continue
        left = inflater.unconsumed_tail
        before = (before + data.removesuffix(left))[-_BLOCK:]
        data = left or file.read(_BLOCK)
        if not data:
            yield _flushed(inflater)
            damaged("cut-off gzip data")
            data, before, inflater = _next_member(before), b"", zlib.decompressobj(_GZIP)


def _until_the_fault(inflater: Inflater, data: bytes) -> Iterator[bytes]:
    """Yield what can be inflated before the fault, in bites so small that little is lost."""
    try:
        for at in range(0, len(data), _BITE):
            yield inflater.decompress(data[at : at + _BITE])
    except zlib.error:
        return


def _flushed(inflater: Inflater) -> bytes:
    try:
        return inflater.flush()
    except zlib.error:
        return b""


def _next_member(data: bytes) -> bytes:
    at = data.find(_MEMBER, 1)
    return data[at:] if at > 0 else b""


def _skip_to_member(file: BinaryIO) -> bytes:
    data = file.read(_BLOCK)
    while data and (at := data.find(_MEMBER)) < 0:
        data = data[-2:] + more if (more := file.read(_BLOCK)) else b""
    return data[at:] if data else b""
