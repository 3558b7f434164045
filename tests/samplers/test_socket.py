"""Table `socket`, with true sockets of this machine."""

from __future__ import annotations

import os
import socket
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from aisec_daemon.host.errors import UnreadableError
from aisec_daemon.host.network.sockets import Sockets
from aisec_daemon.host.proc.processes import Processes
from aisec_daemon.host.tally import Tally
from aisec_daemon.samplers.socket import Socket


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

        monkeypatch.setattr("aisec_daemon.host.network.sockets.read_links", refuse)
        with pytest.raises(UnreadableError, match="1 program"):
            Socket().read(SimpleNamespace(sockets=sockets), 1.0)
    assert [call.code for call, _, _ in tally.rows() if call.call == "fd"] == ["EACCES"]
