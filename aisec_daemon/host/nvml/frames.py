"""What the child sends its parent: frames of a length, a kind and a payload.

Words travel as a small JSON object, numbers as packed doubles behind it, little-endian.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping, Sequence
from enum import IntEnum
from typing import Any, NamedTuple

_HEADER = struct.Struct("<IBI")  # length of the payload, kind, length of the words in it
_DOUBLE_BYTES = 8
LONGEST_BYTES = 16 * 1024 * 1024


class FrameError(Exception):
    """What came through the pipe is no frame."""


class Kind(IntEnum):
    """What a frame says."""

    HELLO = 1  # NVML is open: driver_version, count
    FAILED = 2  # NVML could not be opened: code, error; the child ends
    BEGIN = 3  # the GPU `index` is read from here on; `opening` if for the first time
    GPU = 4  # what reading a GPU gave
    DONE = 5  # all GPUs that were asked for have been read; the tally of calls


class Frame(NamedTuple):
    """A kind, words and numbers."""

    kind: Kind
    words: Mapping[str, Any]
    numbers: tuple[float, ...] = ()


def encode(frame: Frame) -> bytes:
    """Return the frame as bytes."""
    words = json.dumps(frame.words, separators=(",", ":")).encode()
    numbers = struct.pack(f"<{len(frame.numbers)}d", *frame.numbers)
    return _HEADER.pack(len(words) + len(numbers), frame.kind, len(words)) + words + numbers


class Decoder:
    """Puts frames together again from pieces of any size."""

    def __init__(self) -> None:
        self._waiting = bytearray()

    def feed(self, piece: bytes) -> list[Frame]:
        """Return the frames that this piece completes; FrameError if they cannot be such."""
        self._waiting += piece
        frames = []
        while len(self._waiting) >= _HEADER.size:
            length, kind, words = _HEADER.unpack_from(self._waiting)
            if length > LONGEST_BYTES or words > length:
                raise FrameError(f"a frame of {length} bytes, {words} of them words")
            end = _HEADER.size + length
            if len(self._waiting) < end:
                break
            payload = bytes(self._waiting[_HEADER.size : end])
            del self._waiting[:end]
            frames.append(_frame(kind, payload[:words], payload[words:]))
        return frames


def _frame(kind: int, words: bytes, numbers: bytes) -> Frame:
    try:
        understood = json.loads(words)
        packed = struct.unpack(f"<{len(numbers) // _DOUBLE_BYTES}d", numbers)
        frame = Frame(Kind(kind), understood, packed)
    except (ValueError, struct.error) as error:
        raise FrameError(str(error)) from None
    if not isinstance(understood, dict):
        raise FrameError("the words of a frame are no object")
    return frame


def split(numbers: Sequence[float], width: int) -> list[tuple[float, ...]]:
    """Return numbers in rows of `width`."""
    return [tuple(numbers[at : at + width]) for at in range(0, len(numbers), width)]
