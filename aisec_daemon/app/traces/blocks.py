"""Blocks: the bytes of a file, gzip or plain, a bounded piece at a time.

A gzip file (RFC 1952) may have several members, one per start of whoever wrote it, and any of them
may be cut off. What could be inflated is kept; reading goes on at the next member.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

_BLOCK = 1 << 16  # of the file
_PIECE = (
    1 << 16
)  # inflated: a small file may hold a great many zeros; small pieces stay in the caches
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
    before = b""  # the block before, where a next member may begin that was taken for this one
    while data:
        try:
            yield inflater.decompress(data, _PIECE)
        except zlib.error:
            damaged("damaged gzip data")
            data = _next_member(before + data)
            before, inflater = b"", zlib.decompressobj(_GZIP)
            if not data:
                data = _skip_to_member(file)
            continue
        if inflater.eof:
            data, before = inflater.unused_data.lstrip(b"\0"), b""
            data = data or file.read(_BLOCK)
            inflater = zlib.decompressobj(_GZIP)
            continue
        if inflater.unconsumed_tail:
            left = inflater.unconsumed_tail
            before, data = (before + data.removesuffix(left))[-_BLOCK:], left
            continue
        before, data = data, file.read(_BLOCK)
        if not data:
            yield inflater.flush()
            damaged("cut-off gzip data")


def _next_member(data: bytes) -> bytes:
    at = data.find(_MEMBER, 1)
    return data[at:] if at > 0 else b""


def _skip_to_member(file: BinaryIO) -> bytes:
    data = file.read(_BLOCK)
    while data and (at := data.find(_MEMBER)) < 0:
        data = data[-2:] + more if (more := file.read(_BLOCK)) else b""
    return data[at:] if data else b""
