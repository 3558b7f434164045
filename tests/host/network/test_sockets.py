"""Whose sockets are whose: on copies of nodes, under budgets, and where threads keep their own."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from aisec_daemon.host.network import owners as module
from aisec_daemon.host.network.fairly import fairly
from aisec_daemon.host.network.owners import Owners
from aisec_daemon.host.network.sockets import OtherSocket, Sockets
from aisec_daemon.host.proc.processes import Processes
from aisec_daemon.host.tally import Tally

TABLE = (
    "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt uid timeout inode"
)
ROW = (
    "   {n}: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000  0 0 {inode} 1 0"
)


class Members:
    """Stands for the programs on GPUs: whoever the test names."""

    def __init__(self, processes, *pids):
        self.list = [processes.lookup(pid) for pid in pids]

    def members(self):
        return self.list


@pytest.fixture
def copy(tree, processes, tally):
    """A copied node: each process with these inodes open, and these in the table it sees."""

    def make(*inodes, listed=()):
        pids = range(7, 7 + len(inodes))
        for pid, mine in zip(pids, inodes, strict=True):
            tree.add(pid)
            (tree.proc / f"{pid}/fd").mkdir()
            (tree.proc / f"{pid}/net").mkdir()
            for at, inode in enumerate(mine):
                (tree.proc / f"{pid}/fd/{at}").symlink_to(f"socket:[{inode}]")
            rows = [ROW.format(n=at, inode=inode) for at, inode in enumerate(listed)]
            (tree.proc / f"{pid}/net/tcp").write_text("\n".join([TABLE, *rows, ""]))
        return Sockets(tree.root, Members(processes, *pids), tally)

    return make


@pytest.fixture
def real(tally):
    """The sockets of real processes, by pid."""
    with closing(Processes(Path("/"), tally, bytes(16), connector=False)) as processes:
        yield lambda *pids: Sockets(Path("/"), Members(processes, *pids), tally)


def told(sockets):
    return sorted((each.process, each.socket.inode) for each in sockets.read(1.0))


def test_processes_that_see_one_table_have_their_own_rows(copy):
    """In a copy without namespaces each seems to be in one of its own."""
    assert told(copy([11], [12], listed=[11, 12])) == [("7:1000", 11), ("8:1000", 12)]


def test_a_connection_by_two_paths_is_one_socket(copy):
    """MPTCP lists each subflow, with the inode of the whole."""
    assert told(copy([11], listed=[11, 11])) == [("7:1000", 11)]


@pytest.mark.parametrize("listed", [True, False])
def test_a_copy_that_kept_the_name_of_our_network_tells_what_it_has_itself(copy, tree, listed):
    """Our own machine is not asked in its place."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        inode = os.fstat(server.fileno()).st_ino
        sockets = copy([inode], listed=[inode] if listed else [])
        (tree.proc / "7/ns").mkdir()
        (tree.proc / "7/ns/net").symlink_to(Path("/proc/self/ns/net").readlink())

        assert told(sockets) == ([("7:1000", inode)] if listed else [])


def test_who_has_more_files_than_are_followed_has_an_unknown_socket(copy, monkeypatch, tally):
    monkeypatch.setattr(module, "LINKS_MAX", 2)
    sockets = copy([11, 12], [13])
    sockets.read(1.0)

    assert sockets.others(1.0) == [OtherSocket("7:1000", 0, "unknown", 1.0)]
    assert sockets.others(2.0) == [OtherSocket("7:1000", 0, "unknown", 1.0)]
    assert [call.code for call, _, _ in tally.rows() if call.call == "fd"] == ["too many"]


def test_who_was_not_looked_at_in_this_turn_has_an_unknown_socket(copy, monkeypatch):
    monkeypatch.setattr(module, "_TURN_LINKS", 1)
    sockets = copy([11], [12], listed=[11, 12])

    assert told(sockets) == [("7:1000", 11)]
    assert [each.process for each in sockets.others(1.0)] == ["8:1000"]


def test_who_may_not_be_looked_at_has_an_unknown_socket(copy, tree, monkeypatch):
    """Beside one who may be; no socket was seen of him, which does not mean that he has none."""
    sockets = copy([11], [12], listed=[11, 12])
    real = module.read_links

    def read_links(folder):
        if "/8/" in folder:
            raise PermissionError(13, "Permission denied")
        return real(folder)

    monkeypatch.setattr(module, "read_links", read_links)

    assert told(sockets) == [("7:1000", 11)]
    assert [each.process for each in sockets.others(1.0)] == ["8:1000"]


def test_who_is_in_a_network_that_was_not_asked_has_an_unknown_socket(copy, monkeypatch):
    monkeypatch.setattr("aisec_daemon.host.network.sockets._NAMESPACES_MAX", 1)
    sockets = copy([11], [12], listed=[11])
    read = told(sockets)

    assert read == [("7:1000", 11)]
    assert [(each.process, each.protocol) for each in sockets.others(1.0)] == [
        ("8:1000", "unknown")
    ]


def test_rows_are_shared_out_among_processes(copy, monkeypatch, tally):
    """And who lost some may have lost the one that matters."""
    monkeypatch.setattr("aisec_daemon.host.network.sockets._SOCKETS_MAX", 3)
    sockets = copy([11, 12, 13, 14], [15], listed=[11, 12, 13, 14, 15])

    assert len(told(sockets)) == 3
    assert {process for process, _ in told(sockets)} == {"7:1000", "8:1000"}
    assert [each.process for each in sockets.others(1.0)] == ["7:1000"]
    assert ("rows", "dropped") in [(call.call, call.code) for call, _, _ in tally.rows()]


def test_the_first_of_each_comes_before_the_second_of_any_and_what_matters_first():
    rows = [OtherSocket(process, at, "udp", 0.0) for at, process in enumerate("aaabb")]

    kept, left = fairly(rows, 3, lambda each: each.process, lambda each: -each.inode)

    assert [each.inode for each in kept] == [4, 2, 3]
    assert {each.inode for each in kept + left} == set(range(5))


def test_a_connection_comes_before_any_number_of_listeners(copy, monkeypatch, tree):
    """And is told with its peer, whatever else its process has opened."""
    monkeypatch.setattr("aisec_daemon.host.network.sockets._SOCKETS_MAX", 2)
    sockets = copy([11, 12, 13], listed=[11, 12])
    with (tree.proc / "7/net/tcp").open("a") as table:
        ends = "0100007F:1F90 08080808:01BB 01"
        table.write(f"9: {ends} 00000000:00000000 00:00000000 00000000 0 0 13 1\n")

    assert ("7:1000", 13) in told(sockets)


def test_a_table_that_is_too_long_is_not_whole(copy, monkeypatch, tally):
    monkeypatch.setattr(module, "TABLE_BYTES", 300)
    sockets = copy([11, 12, 13], listed=[11, 12, 13])

    assert 0 < len(told(sockets)) < 3
    assert [each.protocol for each in sockets.others(1.0)] == ["unknown"]
    assert ("net", "too many") in [(call.call, call.code) for call, _, _ in tally.rows()]


def test_the_next_member_tells_of_a_network_whose_first_one_has_ended(copy, tree, processes):
    copy([11], [12], listed=[11, 12])
    owners = Owners(tree.root, Tally())
    owners._real = True
    members = [processes.lookup(7), processes.lookup(8)]
    (tree.proc / "7/net/tcp").unlink()

    listed, whole = owners.tables_of(members)

    assert {each.inode for each in listed} == {11, 12}
    assert whole
    assert owners.tables_of(members[:1]) == ([], False)


THREAD = """
import ctypes, socket, threading, time
client = socket.create_connection(("127.0.0.1", {port}))
ready = threading.Event()
threading.Thread(target=lambda: (ready.wait(), time.sleep(600)), daemon=True).start()
assert ctypes.CDLL(None).unshare(0x400) == 0
client.close()
ready.set()
print("runs", flush=True)
time.sleep(600)
"""


@pytest.mark.system
def test_files_of_a_thread_are_its_processs(real):
    """The main thread keeps a table of its own, closes everything in it, and looks idle.

    It needs no right, but a kernel that lets programs call unshare(2).
    """
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        command = [sys.executable, "-c", THREAD.format(port=port)]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
            try:
                process.stdout.readline()
                found = real(process.pid).read(1.0)
                counted = Path(f"/proc/{process.pid}/fd").stat().st_size  # since Linux 6.2
            finally:
                process.kill()

    assert [each.socket.peer_port for each in found] == ([port] if counted else [])
