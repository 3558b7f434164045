from __future__ import annotations

import numpy as np
import pytest

from aisec_daemon.detectors.mining import Mining, flows
from aisec_daemon.detectors.mining.rows import Rows
from tests.detectors.mining.given import NOW, PROCESS, connection, view

ROWS = Rows(("s",), ("k",), (PROCESS,), ({},), np.array([0]), np.array([0]))
READ = Mining().reads[4]


def spoken(*connections, looked_at=frozenset({PROCESS})):
    rows = {}
    for at, each in enumerate(connections):
        rows |= {f"{subject}-{at}": row for subject, row in each.items()}
    pieces, _, peers = flows.evidence(ROWS, view(READ, rows), looked_at)
    return {name for name, column in pieces.items() if column[0] == 1}, peers[0]


def test_one_slow_connection_that_is_answered_speaks():
    assert spoken(connection()) == ({"flow_young"}, "203.0.113.9:443")


def test_it_speaks_louder_after_ten_minutes():
    old = connection(first_seen_timestamp_seconds=NOW - 601)

    assert spoken(old)[0] == {"flow_old"}


@pytest.mark.parametrize(
    "other",
    [
        {"first_seen_timestamp_seconds": NOW - 3},
        {"received_bytes": 0.0},
        {"sent_bytes_per_second": 900.0},
        {"received_bytes_per_second": 1e6},
        {"state": "other"},
        {"peer_scope": "loopback"},
    ],
)
def test_another_shape_does_not(other):
    assert spoken(connection(**other))[0] == set()


def test_shares_of_matrix_products_are_uploads():
    assert spoken(connection(sent_bytes_per_second=9e4))[0] == {"flow_upload"}


def test_a_connection_of_unknown_traffic_says_little():
    unknown = connection(sent_bytes_per_second=np.nan, received_bytes_per_second=np.nan)

    assert spoken(unknown)[0] == {"flow_unsized"}


def test_beside_a_busy_connection_a_slow_one_is_telemetry():
    busy = connection(sent_bytes_per_second=1e7, received_bytes_per_second=1e7)

    assert spoken(connection(), busy)[0] == set()


def test_many_connections_are_no_miners():
    assert spoken(*[connection() for _ in range(5)])[0] == set()


def test_who_serves_several_clients_is_told_apart():
    listen = connection(state="listen", local_port="8000", peer_scope="none")
    clients = [connection(local_port="8000") for _ in range(3)]

    assert spoken(listen, *clients)[0] == {"clients", "no_outward"}


def test_a_listener_on_a_miners_port_speaks():
    listen = connection(state="listen", local_port="4067", peer_scope="none")

    assert spoken(listen)[0] == {"api_listener", "no_outward"}
    assert spoken(listen | connection(inode=2))[0] == {"api_listener", "flow_young"}


@pytest.mark.parametrize("scope", ["public", "loopback"])
def test_who_is_called_connects_to_nobody(scope):
    """A pool calls no miner; a prover's client calls the prover, a notebook's server its kernel."""
    listen = connection(state="listen", local_port="50051", peer_scope="none")
    called = connection(local_port="50051", peer_scope=scope)

    assert "no_outward" in spoken(listen, called)[0]
    assert "no_outward" not in spoken(listen, called, connection())[0]


@pytest.mark.parametrize(
    "words", [{"peer_scope": "loopback"}, {"state": "other"}, {"peer_scope": "private"}]
)
def test_who_calls_a_relay_or_has_just_lost_its_pool_connects_to_somebody(words):
    assert "no_outward" not in spoken(connection(**words))[0]


def test_no_connection_at_all_is_known_only_where_it_was_looked():
    assert spoken()[0] == {"no_outward"}
    pieces, _, _ = flows.evidence(ROWS, view(READ, {}), frozenset())
    assert all(np.isnan(column[0]) for column in pieces.values())
    assert flows.evidence(ROWS, None, frozenset({PROCESS}))[0] == {}


def test_who_has_a_socket_of_unknown_ends_is_not_said_to_connect_to_nobody():
    """By UDP, or through another network namespace."""
    unlisted = {"state": "unlisted", "peer_scope": None, "peer_port": None, "local_port": None}

    assert spoken(connection(**unlisted))[0] == set()
    assert spoken(connection(**unlisted), connection(inode=2))[0] == spoken(connection())[0]
