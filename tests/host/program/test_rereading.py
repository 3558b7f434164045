"""When maps are read again."""

from __future__ import annotations

from aisec_daemon.host.program.rereading import Rereading


def reads(sizes, **more):
    """Return the turns at which maps of such sizes are read."""
    known, turns = Rereading(), []
    for turn, size in enumerate(sizes):
        if known.due(turn, size, **more):
            known.note(turn, size)
            turns.append(turn)
    return turns


def test_what_maps_more_is_read_ever_more_rarely():
    assert reads(range(30)) == [0, 1, 3, 7, 13, 19, 25]
    assert reads(range(30), waits=(1, 5, 20)) == [0, 1, 6, 26]


def test_what_maps_no_more_is_left_alone():
    assert reads([5] * 20) == [0, 1]
    assert reads([5] * 20, at_least=1) == [0]
    assert reads([5] * 10 + [6] * 10, at_least=1) == [0, 10]
