"""Every number has its turn, the newest first."""

from __future__ import annotations

import pytest

from aisec_daemon.host.views.sweep import Sweep, parse_newest


def test_all_numbers_are_tried_once_before_any_is_tried_again():
    sweep = Sweep()
    tried = [n for _ in range(10) for n in sweep.numbers(10, 0, 101)]

    assert sorted(tried) == list(range(1, 101))
    assert sweep.numbers(10, 0, 101) == list(range(1, 11))


def test_the_newest_come_first_with_half_of_the_turn():
    sweep = Sweep()
    sweep.numbers(10, 50, 1000)

    assert sweep.numbers(10, 53, 1000) == [53, 52, 51, 11, 12, 13, 14, 15, 16, 17]
    assert sweep.numbers(10, 900, 1000)[:5] == [900, 899, 898, 897, 896]


def test_pids_begin_again_at_the_limit():
    sweep = Sweep()
    sweep.numbers(4, 98, 100)

    assert sweep.numbers(8, 2, 100)[:3] == [2, 1, 99]


def test_what_there_was_no_time_for_comes_next():
    sweep = Sweep()
    sweep.numbers(10, 0, 1000)
    sweep.rewind(4)

    assert sweep.numbers(3, 0, 1000) == [7, 8, 9]


def test_a_small_range_is_tried_whole_and_a_turn_of_none_tries_none():
    assert sorted(Sweep().numbers(100, 0, 20)) == list(range(1, 20))
    assert Sweep().numbers(0, 5, 100) == []


@pytest.mark.parametrize("text", [b"", b"0.1 0.2 0.3 1/2", b"a b c d e"])
def test_what_is_no_loadavg_is_refused(text):
    with pytest.raises(ValueError, match=r"loadavg|invalid literal"):
        parse_newest(text)


def test_the_last_pid_is_the_fifth_word():
    assert parse_newest(b"1.63 1.81 1.04 4/126 21391\n") == 21391
