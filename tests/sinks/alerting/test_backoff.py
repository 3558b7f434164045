"""Waits grow, differ between nodes, and repeat for one."""

from __future__ import annotations

from aisec_daemon.sinks.alerting.backoff import Backoff


def test_each_wait_is_between_half_and_the_whole_of_twice_the_last():
    backoff = Backoff("node7")
    waits = [backoff.failed() for _ in range(10)]

    for wait, longest in zip(waits, [1, 2, 4, 8, 16, 30, 30, 30, 30, 30], strict=True):
        assert longest / 2 <= wait <= longest
    backoff.reset()
    assert backoff.failed() <= 1


def test_nodes_do_not_wait_in_step_and_a_node_repeats_itself():
    first = {Backoff(f"node{i}").failed() for i in range(100)}

    assert len(first) == 100
    assert Backoff("\ud800").failed() == Backoff("\ud800").failed()
