"""Table `socket`, with true sockets of this machine."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from aisec_daemon.host.errors import UnreadableError
from aisec_daemon.host.network import owners as owners_module
from aisec_daemon.host.network.sockets import Sockets
from aisec_daemon.host.proc.processes import Processes
from aisec_daemon.host.tally import Tally
from aisec_daemon.samplers.socket import Socket
from tests.host.proc.tree import Tree


class Members:
    """Stands for the programs on GPUs: whoever the test names."""

    def __init__(self, processes: Processes, *pids: int) -> None:
        self._members = [processes.lookup(pid) for pid in pids]

    def members(self):
        return self._members


@pytest.fixture
def read():
    """Read the sockets of this very process as the sampler does."""
    with closing(Processes(Path("/"), Tally(), b"k" * 16, connector=False)) as processes:
        members = Members(processes, os.getpid())
        host = SimpleNamespace(sockets=Sockets(Path("/"), members, Tally()))
        yield lambda time: Socket().read(host, time)


def rows(snapshot, port):
    """Return the rows of one local port, as dictionaries."""
    return [
        {name: words[at] for name, words in snapshot.labels.items()}
        | dict(zip(snapshot.table.column_names, snapshot.values[at], strict=True))
        for at in range(len(snapshot.subjects))
        if snapshot.labels["local_port"][at] == str(port)
    ]


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_bytes_are_those_that_were_sent_and_received(read, host):
    """A client and a server of our own, counted by hand."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with (
        socket.create_server((host, 0), family=family) as server,
        socket.create_connection(server.getsockname()[:2]) as client,
        server.accept()[0] as accepted,
    ):
        client.sendall(b"a" * 1234)
        accepted.sendall(b"b" * 50_000)
        got = 0
        while got < 50_000:
            got += len(client.recv(65536))
        snapshot = read(100.0)
        port, peer = client.getsockname()[1], server.getsockname()[1]

    (ours,) = rows(snapshot, port)
    assert (ours["sent_bytes"], ours["received_bytes"]) == (1234.0, 50_000.0)
    assert (ours["state"], ours["peer_scope"], ours["grain"]) == (
        *("established", "loopback", "tcp_info"),
    )
    assert (ours["peer_address"], ours["peer_port"]) == (host, str(peer))
    assert ours["received_age_seconds"] < 60
    assert ours["first_seen_timestamp_seconds"] == 100.0
    assert sorted(each["state"] for each in rows(snapshot, peer)) == ["established", "listen"]
    assert {each["peer_scope"] for each in rows(snapshot, peer)} == {"loopback", "none"}


def test_a_socket_keeps_the_time_at_which_it_was_seen_first(read):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        read(100.0)
        (row,) = rows(read(200.0), port)

    assert row["first_seen_timestamp_seconds"] == 100.0


def test_what_never_went_has_no_age(read):
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        socket.create_connection(server.getsockname()) as client,
    ):
        (row,) = rows(read(100.0), client.getsockname()[1])

    assert row["sent_bytes"] == 0
    assert np.isnan(row["sent_age_seconds"])
    assert np.isnan(row["received_age_seconds"])


def test_files_that_may_not_be_read_are_no_empty_table(tmp_path, monkeypatch):
    """Root may read everything here, so the refusal is the kernel's of another place."""
    tally = Tally()
    with closing(Processes(Path("/"), tally, b"k" * 16, connector=False)) as processes:
        sockets = Sockets(Path("/"), Members(processes, os.getpid()), tally)

        def refuse(folder):
            raise PermissionError(13, "Permission denied")

        monkeypatch.setattr("aisec_daemon.host.network.owners.read_links", refuse)
        with pytest.raises(UnreadableError, match="1 program"):
            Socket().read(SimpleNamespace(sockets=sockets), 1.0)
    assert [call.code for call, _, _ in tally.rows() if call.call == "fd"] == ["EACCES"]


def start_server(*prefix, then=""):
    """Start a process that talks to itself over loopback; return it and the client's port."""
    script = (
        "import socket;"
        "s=socket.create_server(('127.0.0.1',0));"
        "c=socket.create_connection(s.getsockname());a=s.accept()[0];"
        f"c.sendall(b'x'*99);a.recv(99);{then}"
        "print(c.getsockname()[1],flush=True);input()"
    )
    process = subprocess.Popen(
        [*prefix, sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    return process, int(process.stdout.readline())


def sockets_of(*pids):
    """Return the reader of these processes' sockets."""
    processes = Processes(Path("/"), Tally(), b"k" * 16, connector=False)
    return Sockets(Path("/"), Members(processes, *pids), Tally())


def test_another_process_of_our_namespace_is_counted():
    process, port = start_server()
    with process:
        snapshot = Socket().read(SimpleNamespace(sockets=sockets_of(process.pid)), 1.0)
        process.kill()

    (row,) = rows(snapshot, port)
    assert (row["sent_bytes"], row["grain"]) == (99.0, "tcp_info")
    assert all(subject.startswith(row["process"] + "/") for subject in snapshot.subjects)


@pytest.mark.system
def test_another_namespace_tells_who_talks_to_whom_but_not_how_much():
    """Needs root, to make one."""
    process, port = start_server(
        "unshare", "--net", "sh", "-c", 'ip link set lo up; exec "$@"', "-"
    )
    ours, _ = start_server()
    with process, ours:
        sockets = sockets_of(process.pid, ours.pid)
        snapshot = Socket().read(SimpleNamespace(sockets=sockets), 1.0)
        process.kill()
        ours.kill()

    (row,) = [
        each for each in rows(snapshot, port) if each["process"].startswith(f"{process.pid}:")
    ]
    assert (row["state"], row["peer_scope"], row["grain"]) == ("established", "loopback", "proc")
    assert np.isnan(row["sent_bytes"])
    assert np.isnan(row["received_age_seconds"])
    assert set(snapshot.labels["grain"]) == {"proc", "tcp_info"}


@pytest.mark.system
def test_a_socket_that_was_taken_along_into_another_namespace_is_found():
    """Needs root: the process leaves our network and keeps what it had opened there."""
    leave = "import ctypes;assert ctypes.CDLL(None).unshare(0x40000000)==0;"
    process, port = start_server(then=leave)
    with process:
        snapshot = Socket().read(SimpleNamespace(sockets=sockets_of(process.pid)), 1.0)
        process.kill()

    (row,) = rows(snapshot, port)
    assert (row["state"], row["sent_bytes"], row["grain"]) == ("established", 99.0, "tcp_info")


def test_inodes_of_a_copied_node_are_not_this_machines(tmp_path):
    tree = Tree(tmp_path)
    tree.add(7)
    files = tree.proc / "7/fd"
    files.mkdir()
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        closing(Processes(tmp_path, Tally(), b"k" * 16, connector=False)) as processes,
    ):
        (files / "3").symlink_to(f"socket:[{os.fstat(server.fileno()).st_ino}]")
        sockets = Sockets(tmp_path, Members(processes, 7), Tally())

        assert sockets.read(1.0) == []
        assert [each.protocol for each in sockets.others(1.0)] == []


KINDS = {
    "udp": (socket.AF_INET, socket.SOCK_DGRAM),
    "tcp": (socket.AF_INET6, socket.SOCK_STREAM),
    "unix": (socket.AF_UNIX, socket.SOCK_STREAM),
    "netlink": (socket.AF_NETLINK, socket.SOCK_RAW),
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_socket_that_no_table_lists_is_told_if_it_may_reach_others(read, kind):
    """One of TCP that is not connected is in none, either."""
    with socket.socket(*KINDS[kind]) as opened:
        inode = os.fstat(opened.fileno()).st_ino
        read(100.0)
        snapshot = read(105.0)
    found = {
        subject: {name: words[at] for name, words in snapshot.labels.items()}
        for at, subject in enumerate(snapshot.subjects)
        if subject.endswith(f"/{inode}")
    }

    assert len(found) == (kind in {"udp", "tcp"})
    for subject, words in found.items():
        told = words["protocol"], words["state"], words["grain"], words["peer_scope"]
        assert told == (kind, "unlisted", "none", None)
        row = snapshot.subjects.index(subject)
        assert snapshot["first_seen_timestamp_seconds"][row] == 100.0
        assert np.isnan(snapshot["sent_bytes"][row])


def test_protocols_are_asked_once(monkeypatch):
    asked = []
    real = owners_module.protocols
    monkeypatch.setattr(
        owners_module,
        "protocols",
        lambda folder, inodes: asked.append(inodes) or real(folder, inodes),
    )
    process, _ = start_server(then="u=socket.socket(socket.AF_INET,socket.SOCK_DGRAM);")
    with process:
        sockets = sockets_of(process.pid)
        for now in range(3):
            sockets.read(now)
            assert [each.protocol for each in sockets.others(now)] == ["udp"]
        process.kill()

    assert [len(inodes) for inodes in asked] == [1]


def test_a_kernel_without_sock_diag_leaves_the_coarser_grain(monkeypatch):
    def refuse():
        raise FileNotFoundError(2, "no such module")

    monkeypatch.setattr("aisec_daemon.host.network.diag.dump", refuse)
    process, port = start_server()
    with process:
        snapshot = Socket().read(SimpleNamespace(sockets=sockets_of(process.pid)), 1.0)
        process.kill()

    (row,) = rows(snapshot, port)
    assert row["grain"] == "proc"
    assert np.isnan(row["sent_bytes"])


def test_a_namespace_that_may_not_be_read_is_no_empty_table(monkeypatch):
    """Neither sock_diag nor the kernel's own list."""

    def refuse(*_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("aisec_daemon.host.network.diag.dump", refuse)
    monkeypatch.setattr("aisec_daemon.host.network.owners.slurp", refuse)
    with (
        socket.create_server(("127.0.0.1", 0)),
        pytest.raises(UnreadableError, match="1 program"),
    ):
        Socket().read(SimpleNamespace(sockets=sockets_of(os.getpid())), 1.0)


@pytest.mark.parametrize(("size", "times"), [(7, 3), (0, 12)])
def test_open_files_are_followed_again_when_their_number_changes_or_it_is_time(
    monkeypatch, size, times
):
    """Thousands are not followed every five seconds, where the kernel tells their number."""
    followed = []

    def read_links(folder):
        followed.append(folder)
        return real(folder)

    real, stat = owners_module.read_links, os.stat
    process, port = start_server()
    monkeypatch.setattr(owners_module, "read_links", read_links)
    monkeypatch.setattr(
        owners_module.os,
        "stat",
        lambda path, **more: os.stat_result((*stat(path, **more)[:6], size, *[0] * 3)),
    )
    with process:
        sockets = sockets_of(process.pid)
        ports = [{each.socket.local_port for each in sockets.read(1.0)} for _ in range(12)]
        process.kill()
        monkeypatch.undo()

    assert len(followed) == pytest.approx(times, abs=1)
    assert all(port in each for each in ports)
