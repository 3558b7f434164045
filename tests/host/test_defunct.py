"""A real process whose main thread ends while others go on: ps calls it defunct."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from aisec_daemon.host.flow.files import Files
from aisec_daemon.host.network.owners import Owners
from aisec_daemon.host.proc.descriptors import read_links
from aisec_daemon.host.proc.folder import folder_of, living_thread, open_folder
from aisec_daemon.host.proc.processes import Processes
from aisec_daemon.host.program.holders import Holders
from aisec_daemon.host.program.programs import Programs
from aisec_daemon.host.tally import Tally
from aisec_daemon.samplers.program import Program
from tests.host.proc.tree import stat_fields

SCRIPT = """
import ctypes, socket, sys, threading, time
listening = socket.create_server(("127.0.0.1", 0))
held = bytearray(50 << 20)
print("runs", flush=True)
sys.stdin.readline()
threading.Thread(target=sys.stdin.readline).start()
threading.Thread(target=time.sleep, args=(600,)).start()
ctypes.CDLL(None).pthread_exit(None)
"""
HELD_BYTES = 50 << 20


class Ghost:
    """The process; each order ends one of its threads."""

    def __init__(self, process):
        self.pid = process.pid
        self._input = process.stdin

    def end_main_thread(self):
        self._order()
        self._wait(lambda: self._stat().split()[0] == "Z")

    def end_next_thread(self):
        threads = len(self.threads())
        self._order()
        self._wait(lambda: len(self.threads()) < threads)

    def threads(self):
        return [int(each.name) for each in Path(f"/proc/{self.pid}/task").iterdir()]

    def others(self):
        return set(self.threads()) - {self.pid}

    def _stat(self):
        return Path(f"/proc/{self.pid}/stat").read_text().rpartition(") ")[2]

    def _order(self):
        self._input.write("\n")
        self._input.flush()

    def _wait(self, true):
        end = time.monotonic() + 30
        while not true():
            assert time.monotonic() < end
            time.sleep(0.01)


@pytest.fixture
def ghost():
    command = [sys.executable, "-c", SCRIPT]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        process.stdout.readline()
        yield Ghost(process)
        process.kill()


@pytest.fixture
def tally():
    return Tally()


@pytest.fixture
def processes(tally):
    with closing(Processes(Path("/"), tally, bytes(32), connector=False)) as processes:
        yield processes


def seen(processes, ghost):
    """Return who it is and how much memory it has, by a scan."""
    scan = processes.scan()
    row = [each.pid for each in scan.identities].index(ghost.pid)
    return scan.identities[row], scan.memory_resident_bytes[row]


def on_gpu(ghost, processes):
    """The programs on GPUs, of which it is one."""
    gpus = [SimpleNamespace(processes=[SimpleNamespace(pid=ghost.pid)])]
    nvml = SimpleNamespace(read=lambda: SimpleNamespace(gpus=gpus))
    return Programs(Path("/"), nvml, processes, Tally())


def failures(tally):
    return [call for call, _, _ in tally.rows() if call.code not in ("OK", "EACCES")]


def test_who_was_known_stays_who_it_was(ghost, processes, tally):
    before, _ = seen(processes, ghost)
    ghost.end_main_thread()
    after, memory = seen(processes, ghost)

    assert before.thread == 0
    assert after.thread in ghost.others()
    assert (after.subject, after.executable, after.command, after.user) == (
        before.subject,
        before.executable,
        before.command,
        before.user,
    )
    assert memory > HELD_BYTES
    assert failures(tally) == []


def test_who_was_not_known_is_told_by_a_thread(ghost, processes, tally):
    ghost.end_main_thread()
    who, memory = seen(processes, ghost)

    assert who.executable == os.path.realpath(sys.executable)
    assert who.command.startswith(sys.executable)
    assert memory > HELD_BYTES
    assert failures(tally) == []


def test_another_thread_takes_over(ghost, processes):
    ghost.end_main_thread()
    seen(processes, ghost)
    ghost.end_next_thread()
    who, memory = seen(processes, ghost)

    assert {who.thread} == ghost.others()
    assert memory > HELD_BYTES


def test_another_thread_takes_over_between_two_scans(ghost, processes):
    ghost.end_main_thread()
    who, _ = seen(processes, ghost)
    ghost.end_next_thread()
    folder = open_folder(Path("/proc"), who)
    try:
        assert os.readlink("exe", dir_fd=folder) == os.path.realpath(sys.executable)
    finally:
        os.close(folder)

    assert {int(folder_of(Path("/proc"), who).rpartition("/")[2])} == ghost.others()


def test_it_is_read_no_more_often_than_others(ghost, processes, reads):
    ghost.end_main_thread()
    seen(processes, ghost)
    seen(processes, ghost)

    assert reads.count(ghost.pid) == 1


def test_sockets_and_files_are_its_own(ghost, processes):
    ghost.end_main_thread()
    who, _ = seen(processes, ghost)
    owners = Owners(Path("/"), Tally())
    owners.turn([who])

    assert len(owners.inodes(who)) == 1
    assert owners.namespace(who)[1] == "", "the same network as ours"
    files = Files(Path("/proc"))
    files.turn()
    assert files.read(who, ()).unread == 0
    assert len(read_links(f"{folder_of(Path('/proc'), who)}/fd")) >= 4, "three, and the socket"


def test_who_holds_a_gpu_is_found(ghost, processes, monkeypatch):
    """As if its socket were a node of the driver."""
    monkeypatch.setattr("aisec_daemon.host.proc.descriptors._GPU_NODE", b"socket:[")
    ghost.end_main_thread()
    processes.scan()

    assert ghost.pid in [each.pid for each in Holders(Path("/proc"), processes, Tally()).find()]


def test_the_program_is_looked_at_and_called_defunct(ghost, processes):
    ghost.end_main_thread()
    seen(processes, ghost)
    programs = on_gpu(ghost, processes)
    snapshot = Program().read(SimpleNamespace(programs=programs), 2e9)
    row = [each.partition(":")[0] for each in snapshot.labels["process"]].index(str(ghost.pid))

    assert snapshot.labels["disguise"][row] == "defunct"
    assert "python" in snapshot.labels["libraries"][row].split()
    whole = Path(f"/proc/{ghost.pid}/io").read_text().split()[1]
    assert snapshot["read_bytes"][row] == float(whole) > 0


def test_one_whose_threads_change_too_quickly_to_be_read_is_called_defunct(
    ghost, processes, monkeypatch
):
    ghost.end_main_thread()
    seen(processes, ghost)

    def gone(*_):
        raise FileNotFoundError(2, "no such thread")

    monkeypatch.setattr("aisec_daemon.host.program.programs.open_folder", gone)
    snapshot = Program().read(SimpleNamespace(programs=on_gpu(ghost, processes)), 2e9)
    row = [each.partition(":")[0] for each in snapshot.labels["process"]].index(str(ghost.pid))

    assert snapshot.labels["disguise"][row] == "defunct"
    assert snapshot.labels["libraries"][row] is None
    assert np.isnan(snapshot["read_bytes"][row])


@pytest.mark.parametrize(
    ("word", "told"),
    [("", "defunct"), (None, "defunct"), ("name", "defunct"), ("kernel_thread", "kernel_thread")],
)
def test_the_strongest_word_is_told(ghost, processes, monkeypatch, word, told):
    ghost.end_main_thread()
    processes.scan()
    monkeypatch.setattr("aisec_daemon.host.program.image.disguise", lambda *_: word)
    snapshot = Program().read(SimpleNamespace(programs=on_gpu(ghost, processes)), 2e9)
    row = [each.partition(":")[0] for each in snapshot.labels["process"]].index(str(ghost.pid))

    assert snapshot.labels["disguise"][row] == told


def test_a_thread_is_found_among_many_that_have_ended(tree):
    """One that is traced stays a zombie until it is fetched."""
    tree.add(7, state="Z", virtual=0, threads=100)
    for thread in range(100, 300):
        task = tree.proc / f"7/task/{thread}"
        task.mkdir(parents=True)
        (task / "exe").symlink_to("/opt/x")
        (task / "stat").write_text(
            f"{thread} (x) {stat_fields(state='S' if thread == 222 else 'Z')}"
        )
    with closing(Processes(tree.root, Tally(), bytes(32), connector=False)) as processes:
        who = processes.lookup(7)

    assert (who.thread, who.executable) == (222, "/opt/x")


def test_a_folder_belongs_to_the_process_or_is_none(ghost, processes):
    ghost.end_main_thread()
    who, _ = seen(processes, ghost)
    folder = open_folder(Path("/proc"), who)
    try:
        assert os.readlink("exe", dir_fd=folder) == os.path.realpath(sys.executable)
    finally:
        os.close(folder)
    object.__setattr__(who, "start_ticks", 1)
    with pytest.raises(ProcessLookupError, match="another process"):
        open_folder(Path("/proc"), who)


def test_no_thread_goes_on_where_there_is_none(tmp_path):
    (tmp_path / "task").mkdir()
    process = os.open(tmp_path, os.O_RDONLY)
    try:
        assert living_thread(process) == 0
    finally:
        os.close(process)


def test_who_has_ended_altogether_has_no_row(ghost, processes):
    ghost.end_main_thread()
    seen(processes, ghost)
    os.kill(ghost.pid, 9)
    os.waitpid(ghost.pid, 0)

    with pytest.raises(ValueError, match="is not in list"):
        seen(processes, ghost)
