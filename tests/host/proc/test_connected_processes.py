"""What the process connector adds to scans: who lived between two of them, and who changed."""

from __future__ import annotations

import os
import subprocess
import time
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest

from aisec_daemon.host.errors import UnreadableError
from aisec_daemon.host.proc.events import Event, What
from aisec_daemon.host.proc.processes import Processes
from aisec_daemon.host.tally import Tally
from tests.host.proc.tree import BOOT, Tree, names, opened

HOSTS = Path(__file__).parents[2] / "hosts"


def test_what_lived_between_two_scans_has_a_row_without_numbers(
    tree: Tree, processes: Processes
) -> None:
    """In the next scan, and only there; its start is known."""
    tree.add(1, "init")
    processes.scan()
    tree.add(7, "miner", start=500)
    processes._on_events([Event(What.EXEC, 7)])
    tree.remove(7)

    scans = [processes.scan(), processes.scan()]

    assert [names(scan) for scan in scans] == [{1: "init", 7: "miner"}, {1: "init"}]
    assert np.isnan([scans[0].cpu_seconds[1], scans[0].memory_resident_bytes[1]]).all()
    assert scans[0].start_timestamp_seconds[1] == BOOT + 500 / os.sysconf("SC_CLK_TCK")


def test_what_the_connector_read_is_not_read_again(
    tree: Tree, processes: Processes, reads: list[int]
) -> None:
    """A process that lives on is known at the scan."""
    tree.add(7, "train")
    processes._on_events([Event(What.EXEC, 7)])

    assert names(processes.scan()) == {7: "train"}
    assert reads == [7]

    tree.add(1, "init")
    tree.remove(7)
    assert names(processes.scan()) == {1: "init"}  # a scan has shown it: it just ended


def test_a_pid_used_twice_between_two_scans_has_two_rows(tree: Tree, processes: Processes) -> None:
    """Both lived."""
    tree.add(1, "init")
    for name, start in (("one", 500), ("two", 600)):
        tree.add(7, name, start=start)
        processes._on_events([Event(What.EXEC, 7)])
        tree.remove(7)

    subjects = [identity.subject for identity in processes.scan().identities]

    assert sorted(subjects) == ["1:1000", "7:500", "7:600"]


def test_beyond_the_budget_an_exec_is_counted_and_read_later(
    tree: Tree, tally: Tally, reads: list[int]
) -> None:
    """A fork bomb costs no more than the budget."""
    tree.add(7, "sh")
    with opened(tree.root, tally, connector_reads_per_second=1) as processes:
        processes.scan()
        processes._on_events([Event(What.EXEC, 50)] * 5 + [Event(What.EXEC, 7)])
        processes.scan()

    counts = {call.code: count for call, count, _ in tally.rows() if call.sensor == "connector"}
    assert counts == {"gone": 1, "over budget": 5}
    assert reads == [7, 50, 7]


def test_the_connector_fills_no_memory_while_nobody_scans(tree: Tree, tally: Tally) -> None:
    """What has no room is counted."""
    for pid in range(10, 20):
        tree.add(pid)
    with opened(tree.root, tally, rows_max=4) as processes:
        processes._on_events([Event(What.EXEC, pid) for pid in range(10, 20)])
        assert len(processes._cache._known) == 4

    assert {call.code: count for call, count, _ in tally.rows()}["full"] == 6


@pytest.mark.parametrize("what", [What.UID, What.EXIT])
def test_a_change_of_user_and_an_end_are_looked_at_again(
    tree: Tree, processes: Processes, what: What
) -> None:
    """The image did not change, but who it is may have."""
    tree.add(7)
    processes.scan()
    (tree.proc / "7/status").write_text("Uid:\t0\t0\t0\t0\n")
    assert processes.lookup(7).user == "alice"
    processes._on_events([Event(what, 7)])

    assert processes.lookup(7).user == "root"


def test_lost_events_have_everything_read_again(
    tree: Tree, processes: Processes, reads: list[int]
) -> None:
    """Once, at the next scan."""
    for pid in (7, 8):
        tree.add(pid)
    processes.scan()
    processes._on_overflow()
    processes.scan()
    processes.scan()

    assert sorted(reads) == [7, 7, 8, 8]


def test_the_connector_needs_our_own_proc(tree: Tree) -> None:
    """Elsewhere the kernel's pids would name other processes."""
    tree.add(1)
    with opened(tree.root, connector=True) as processes:
        assert "not that of our own pid namespace" in processes.connector_error
        assert processes.scan().identities


def test_without_the_connector_that_is_said(processes: Processes) -> None:
    """A setting is a reason too."""
    assert processes.connector_error == "the process connector is switched off"


def test_a_real_short_process_is_told_or_it_is_said_why_not() -> None:
    """With permission it has a row although no scan saw it; without, a sentence says so."""
    with opened(Path("/"), connector=True) as processes:
        if processes.connector_error:
            assert "CAP_NET_ADMIN" in processes.connector_error or "namespace" in (
                processes.connector_error
            )
            return
        processes.scan()
        pids = []
        for _ in range(20):
            process = subprocess.Popen(["/bin/sleep", "0.05"])
            pids.append(process.pid)
            process.wait()
        seen = set()
        deadline = time.monotonic() + 5
        while not seen.intersection(pids) and time.monotonic() < deadline:
            with suppress(UnreadableError):
                seen |= {i.pid for i in processes.scan().identities if i.name == "sleep"}

    assert seen.intersection(pids)
