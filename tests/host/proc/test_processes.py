"""All processes of a host, scan by scan."""

from __future__ import annotations

import os
import subprocess
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from aisec_daemon.host.errors import UnreadableError
from aisec_daemon.host.proc.events import Event, What
from aisec_daemon.host.proc.processes import Processes
from aisec_daemon.host.proc.scan import TICKS_PER_SECOND
from aisec_daemon.host.proc.stat import EXITING
from aisec_daemon.host.tally import Tally
from tests.host.proc.tree import BOOT, Tree, descriptors, names, opened

HOSTS = Path(__file__).parents[2] / "hosts"


def test_a_scan_has_words_and_numbers(tree: Tree, processes: Processes) -> None:
    """One row a process, seconds since 1970 for its start."""
    tree.add(7, ticks=250, threads=3, start=1000, pages=10)

    scan = processes.scan()

    assert names(scan) == {7: "python"}
    ticks = os.sysconf("SC_CLK_TCK")
    assert scan.cpu_seconds.tolist() == [250 / ticks]
    assert scan.memory_resident_bytes.tolist() == [10 * os.sysconf("SC_PAGE_SIZE")]
    assert scan.threads.tolist() == [3]
    assert scan.start_timestamp_seconds.tolist() == [BOOT + 1000 / ticks]


def test_the_known_cost_one_read_of_their_stat(
    tree: Tree, processes: Processes, reads: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing else is opened for them, and numbers are fresh."""
    for pid in range(10, 20):
        tree.add(pid)
    processes.scan()
    reads.clear()
    tree.stat(12, ticks=500)
    calls = []
    pread = os.pread
    monkeypatch.setattr(os, "pread", lambda *given: calls.append(given) or pread(*given))
    opens = []
    open_ = os.open
    monkeypatch.setattr(
        os, "open", lambda *given, **more: opens.append(given) or open_(*given, **more)
    )

    scan = processes.scan()

    assert (reads, opens, len(calls)) == ([], [], 10)
    assert max(scan.cpu_seconds) == 500 / os.sysconf("SC_CLK_TCK")


@pytest.mark.parametrize(
    "change",
    [{"name": "miner", "code": 0, "arguments": 0}, {"code": 5000}, {"arguments": 9000}],
    ids=["name, as strangers see it", "startcode", "arg_start"],
)
def test_an_exec_is_seen_without_the_connector(
    tree: Tree, processes: Processes, reads: list[int], change: dict[str, int]
) -> None:
    """The start time stays, something else changes; then it is read in full once."""
    start = {key: 0 for key in ("code", "arguments") if change.get(key) == 0}
    tree.add(7, "sh", "sh\0", **start)
    assert processes.scan().identities[0].command == "sh"
    (tree.proc / "7/cmdline").write_text("miner\0-o\0pool\0")
    tree.stat(7, **{"name": "sh"} | change)

    seen = [processes.scan().identities[0].command for _ in range(3)]

    assert seen == ["miner -o pool"] * 3
    assert reads == [7, 7]


def test_a_real_shell_that_executes_something_is_read_again() -> None:
    """As the kernel shows it, to root and others alike."""
    with (
        opened(Path("/")) as processes,
        subprocess.Popen(
            ["/bin/sh", "-c", "read line; exec sleep 60"], stdin=subprocess.PIPE
        ) as shell,
    ):
        before = next(i for i in processes.scan().identities if i.pid == shell.pid)
        shell.stdin.write(b"\n")
        shell.stdin.flush()
        deadline = time.monotonic() + 10
        after = before
        while after.name == before.name and time.monotonic() < deadline:
            after = next(i for i in processes.scan().identities if i.pid == shell.pid)
        shell.kill()

    assert (before.subject, before.command) == (
        after.subject,
        "/bin/sh -c read line; exec sleep 60",
    )
    assert (after.name, after.command) == ("sleep", "sleep 60")


def test_a_pid_that_is_used_again_is_another_process(tree: Tree, processes: Processes) -> None:
    """By its start, if the descriptor does not tell."""
    tree.add(7, "old", start=100)
    processes.scan()
    tree.remove(7)
    tree.add(7, "new", start=200)
    processes._cache.get(7).close()

    scan = processes.scan()

    assert [(i.subject, i.name) for i in scan.identities] == [("7:200", "new")]


def test_a_kept_descriptor_of_the_dead_tells_of_no_successor() -> None:
    """The kernel answers ESRCH, and the row is gone."""
    with opened(Path("/")) as processes:
        with subprocess.Popen(["/bin/sleep", "60"]) as process:
            assert process.pid in names(processes.scan())
            process.kill()
        assert process.pid not in names(processes.scan())
        assert processes.lookup(process.pid) is None


@pytest.mark.parametrize("ending", [{"state": "Z"}, {"state": "R", "flags": EXITING}])
def test_the_dead_keep_their_name_until_they_are_reaped(
    tree: Tree, processes: Processes, reads: list[int], ending: dict[str, Any]
) -> None:
    """The addresses of who ends are zero; it is the same image all the same."""
    tree.add(7, "sh")
    processes.scan()
    tree.stat(7, "sh", code=0, arguments=0, pages=0, **ending)

    assert processes.scan().identities[0].command == "python x.py"
    assert reads == [7]


def test_a_zombie_that_is_read_again_stays_who_it_was(tree: Tree, processes: Processes) -> None:
    """An exit event makes it stale, but there is nothing left to read."""
    tree.add(7, "sh")
    processes.scan()
    tree.stat(7, "sh", state="Z", code=0, arguments=0)
    (tree.proc / "7/cmdline").write_text("")
    processes._on_events([Event(What.EXIT, 7)])

    assert processes.lookup(7).command == "python x.py"


def test_a_new_parent_is_told(tree: Tree, processes: Processes, reads: list[int]) -> None:
    """Without reading anything more."""
    tree.add(7, parent=3)
    processes.scan()
    tree.stat(7, parent=1)

    assert processes.scan().identities[0].parent == 1
    assert reads == [7]


def test_more_processes_than_descriptors_are_read_by_name(
    tree: Tree, monkeypatch: pytest.MonkeyPatch, reads: list[int]
) -> None:
    """Half of what the limit allows stays open, the rest is opened each time."""
    monkeypatch.setattr("resource.getrlimit", lambda _: (6, 6))
    for pid in range(10, 20):
        tree.add(pid)
    before = descriptors()
    with opened(tree.root) as processes:
        processes.scan()
        kept = descriptors() - before
        tree.stat(19, ticks=777)
        scan = processes.scan()

    assert kept == 3
    assert (len(scan.identities), len(reads)) == (10, 10)
    assert max(scan.cpu_seconds) == 777 / os.sysconf("SC_CLK_TCK")
    assert descriptors() == before


def test_a_storm_of_short_processes_evicts_no_gpu_process_and_no_memory(
    tree: Tree, processes: Processes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """60,000 come and go around one that stays; only the living are remembered."""
    tree.add(7, "train")
    processes.protect([7])
    processes.scan()
    template = (tree.proc / "7").rename(tree.root / "template")
    (tree.proc / "7").symlink_to(template)
    for wave in range(6):
        pids = range(100 + wave * 10_000, 100 + (wave + 1) * 10_000)
        monkeypatch.setattr(processes, "_listed", lambda pids=pids: [*pids, 7])
        monkeypatch.setattr(
            processes, "_read", lambda pid: stand_in(processes, pid) if pid != 7 else None
        )
        scan = processes.scan()
        assert scan.identities[-1].name == "train"
        assert len(processes._cache._known) == 10_001


def stand_in(processes: Processes, pid: int) -> object:
    known = processes._cache.get(7)
    identity = type(known.identity)(
        pid, *(getattr(known.identity, name) for name in known.identity.__slots__[1:])
    )
    return type(known)(identity, known.image, -1)


def test_beyond_the_limit_gpu_processes_and_the_known_come_first(tree: Tree) -> None:
    """And how many have no row is told."""
    for pid in (10, 11):
        tree.add(pid)
    with opened(tree.root, rows_max=3) as processes:
        processes.scan()
        for pid in (1, 2, 3, 4, 99):
            tree.add(pid)
        processes.protect([99])
        scan = processes.scan()

    assert set(names(scan)) == {99, 10, 11}
    assert scan.dropped == 4


def test_lookup_knows_whom_the_listing_hides(tree: Tree, processes: Processes) -> None:
    """A rootkit hides from readdir; whoever has the pid from the driver finds the process."""
    tree.add(7, "visible")
    processes.scan()
    tree.add(8, "hidden")

    assert processes.lookup(8).name == "hidden"
    assert processes.lookup(9) is None
    assert processes.lookup(7).name == "visible"


def test_unreadable_processes_are_dropped_and_counted(tree: Tree, tally: Tally) -> None:
    """Neither silently gone nor made up."""
    for pid in (7, 8):
        tree.add(pid)
    (tree.proc / "8/stat").unlink()
    (tree.proc / "8/stat").symlink_to("stat")
    with opened(tree.root, tally) as processes:
        scan = processes.scan()

    assert (names(scan), scan.dropped) == ({7: "python"}, 1)
    assert tally.rows()[-1][0] == ("proc", "stat", "ELOOP")


def test_no_proc_is_no_empty_proc(tmp_path: Path) -> None:
    """Missing, or without any process: unreadable."""
    with opened(tmp_path) as processes:
        with pytest.raises(UnreadableError, match="cannot be listed") as missing:
            processes.scan()
        (tmp_path / "proc").mkdir()
        with pytest.raises(UnreadableError, match="no process"):
            processes.scan()

    assert missing.value.sensor == "proc"


def test_any_thread_may_ask(tree: Tree, processes: Processes) -> None:
    """Scans, lookups and events at once."""
    for pid in range(10, 30):
        tree.add(pid)
    errors: list[Exception] = []

    def work(index: int) -> None:
        try:
            for _ in range(30):
                if index == 0:
                    processes.scan()
                else:
                    assert processes.lookup(10 + index) is not None
                    processes._on_events([Event(What.EXEC, 20 + index)])
        except Exception as error:  # noqa: BLE001 - to be told in the main thread
            errors.append(error)

    threads = [threading.Thread(target=work, args=(index,)) for index in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert errors == []


@pytest.mark.parametrize("host", sorted(path.name for path in HOSTS.iterdir()))
def test_every_fixture_host_can_be_scanned(host: str) -> None:
    """Whole fake nodes, hostile ones too."""
    with opened(HOSTS / host) as processes:
        scan = processes.scan()

    assert 1 in names(scan)
    assert np.isfinite(scan.cpu_seconds).all()


def test_the_hostile_host_tells_no_secret() -> None:
    """Tokens are seeded in names, links, command lines; none of them is in any word."""
    secrets = (
        "ghp_A1b2",
        "T3BlbkFJ",
        "QwErTyUiOp",
        "IOSFODNN7",
        "wJalrXUtn",
        "bPxRfiCY",
        "K7MDENG",
    )
    with opened(HOSTS / "hostile") as processes:
        scan = processes.scan()

    for identity in scan.identities:
        words = [getattr(identity, name) for name in identity.__slots__]
        text = " ".join(word for word in words if isinstance(word, str))
        assert not [secret for secret in secrets if secret in text]
        assert text.isprintable()
        assert text.encode()
    assert scan.dropped == 1  # one stat is cut short


def test_the_training_host_knows_pod_and_container() -> None:
    """What an operator wants to know first."""
    with opened(HOSTS / "training") as processes:
        who = processes.scan() and processes.lookup(3102)

    assert who.pod == "0a3b5c7d-1e2f-4a5b-8c9d-0123456789ab"
    assert (who.qos, who.user, who.container[:6]) == ("burstable", "alice", "4f5a6b")
    assert who.command.endswith("--model meta-llama/Llama-3.1-8B-Instruct --lr 3e-4")


def test_what_a_stat_said_last_is_told_without_reading(tree, processes, monkeypatch):
    tree.add(7)
    tree.add(8)
    processes.scan()
    monkeypatch.setattr(os, "pread", None)

    assert {pid: numbers.pages for pid, numbers in processes.numbers().items()} == {7: 10, 8: 10}


def test_who_runs_is_known_even_where_nobody_scans(tree, processes):
    tree.add(7)
    assert [each.pid for each in processes.alive(0)[1]] == [7]
    processes.scan()
    tree.add(8)
    scans, alive = processes.alive(0)

    assert (scans, [each.pid for each in alive]) == (1, [7])
    assert sorted(each.pid for each in processes.alive(scans)[1]) == [7, 8]


def test_a_start_in_ticks_is_a_time(tree, processes):
    assert processes.started(1000) == pytest.approx(BOOT + 1000 / TICKS_PER_SECOND)
