import contextlib
import math
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aisec_daemon.host.nvml.frames import Decoder, Frame, FrameError, Kind, encode

words = st.dictionaries(st.text(), st.none() | st.integers() | st.text() | st.lists(st.integers()))
frames = st.builds(
    Frame, st.sampled_from(Kind), words, st.lists(st.floats(allow_nan=False)).map(tuple)
)


@given(st.lists(frames), st.lists(st.integers(1, 60)))
def test_frames_survive_any_cut(sent, cuts):
    """However the pipe cuts the bytes, the same frames come out."""
    stream = b"".join(map(encode, sent))
    decoder, received = Decoder(), []
    for cut in [*cuts, len(stream)]:
        received += decoder.feed(stream[:cut])
        stream = stream[cut:]

    assert received == sent


def test_nan_travels():
    (frame,) = Decoder().feed(encode(Frame(Kind.GPU, {}, (math.nan, 1.0))))

    assert math.isnan(frame.numbers[0])
    assert frame.numbers[1] == 1.0


@pytest.mark.parametrize(
    "stream",
    [
        struct.pack("<IBI", 1 << 30, 1, 0),
        struct.pack("<IBI", 2, 1, 3),
        struct.pack("<IBI", 2, 99, 2) + b"{}",
        struct.pack("<IBI", 2, 1, 2) + b"[]",
        struct.pack("<IBI", 3, 1, 2) + b"{}x",
        struct.pack("<IBI", 1, 1, 1) + b"{",
    ],
    ids=["too long", "words beyond", "no such kind", "no object", "half a number", "no JSON"],
)
def test_garbage_is_refused(stream):
    with pytest.raises(FrameError):
        Decoder().feed(stream)


@given(st.binary(max_size=200))
def test_no_bytes_surprise_the_decoder(stream):
    """Whatever a child writes is frames, an unfinished frame or a FrameError."""
    with contextlib.suppress(FrameError):
        Decoder().feed(stream)
