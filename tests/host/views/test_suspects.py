"""How long the same process has been disagreed on."""

from __future__ import annotations

from aisec_daemon.host.views.suspects import Memory, Suspect


def suspect(pid: int, start: int = 7) -> Suspect:
    return Suspect(pid, start, ("kernel",), ("listing",))


def test_runs_and_seconds_are_counted_while_it_lasts():
    memory = Memory()
    memory.take([suspect(5)], 100.0)
    (again,) = memory.take([suspect(5)], 110.0)
    (third,) = memory.take([suspect(5)], 120.0)

    assert (again.runs, again.seconds) == (2, 10.0)
    assert (third.runs, third.seconds) == (3, 20.0)


def test_one_that_was_not_seen_once_or_started_anew_begins_anew():
    memory = Memory()
    memory.take([suspect(5)], 100.0)
    memory.take([], 110.0)
    memory.take([suspect(5)], 120.0)
    (other,) = memory.take([suspect(5, start=8)], 130.0)

    assert (other.runs, other.seconds) == (1, 0.0)
    assert memory.pids == {5}


def test_a_start_that_is_unknown_has_no_number():
    assert (suspect(5).subject, suspect(5, start=-1).subject) == ("5:7", "5:?")


def test_memory_is_bounded():
    assert len(Memory().take([suspect(pid) for pid in range(5000)], 0.0)) == 1024
