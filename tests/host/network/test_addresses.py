"""Addresses of a namespace, and how far a socket can be reached."""

from __future__ import annotations

import socket
from contextlib import suppress
from ipaddress import ip_address
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aisec_daemon.host.network.addresses import (
    SCOPES,
    effective_scope,
    parse_fib_trie,
    parse_if_inet6,
    read_addresses,
)

TRIE = b"""Main:
  +-- 0.0.0.0/0 3 0 5
     |-- 0.0.0.0
        /0 universe UNICAST
     +-- 10.0.0.0/24 2 0 2
        |-- 10.0.0.0
           /32 link BROADCAST
           /24 link UNICAST
        |-- 10.0.0.5
           /32 host LOCAL
        |-- 10.0.0.9
           /32 universe UNICAST
     +-- 127.0.0.0/8 2 0 2
           |-- 127.0.0.0
              /8 host LOCAL
           |-- 127.0.0.1
              /32 host LOCAL
        |-- 127.255.255.255
           /32 link BROADCAST
Local:
     |-- 10.0.0.5
        /32 host LOCAL
     |-- 10.7.0.0
        /31 link UNICAST
        /32 host LOCAL
"""
SIX = b"""fe8000000000000000fc00fffe000001 04 40 20 80     eth0
00000000000000000000000000000001 01 80 10 80       lo
20010db8000000000000000000000002 0a 40 00 82 a-very-long-na
"""


def addresses(*words):
    return [ip_address(word) for word in words]


def test_addresses_are_those_with_a_local_route_of_their_own():
    """Not what is routed elsewhere, nor the broadcast, nor all of 127.0.0.0/8."""
    assert parse_fib_trie(TRIE) == set(addresses("10.0.0.5", "127.0.0.1", "10.7.0.0"))


def test_addresses_of_ipv6_have_the_number_of_their_interface():
    assert parse_if_inet6(SIX) == {
        ip_address("fe80::fc:ff:fe00:1"): 4,
        ip_address("::1"): 1,
        ip_address("2001:db8::2"): 10,
    }


def test_our_own_are_found():
    found = read_addresses("/proc/self")

    assert ip_address("127.0.0.1") in found.all
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as there:
        with suppress(OSError):
            there.connect(("10.255.255.255", 9))  # nothing is sent: the route's own address is told
        ours = ip_address(there.getsockname()[0])
    assert ours.is_unspecified or ours in found.all


def test_a_namespace_without_ipv6_or_any_address_is_read(tmp_path):
    (tmp_path / "net").mkdir()
    (tmp_path / "net/fib_trie").write_bytes(b"")

    assert read_addresses(str(tmp_path)).all == frozenset()


def test_a_router_is_too_much(tmp_path, monkeypatch):
    (tmp_path / "net").mkdir()
    (tmp_path / "net/fib_trie").write_bytes(TRIE * 500)
    monkeypatch.setattr("aisec_daemon.host.network.addresses._TABLE_BYTES", 100_000)

    with pytest.raises(ValueError, match="too long"):
        read_addresses(str(tmp_path))


@pytest.mark.parametrize(
    ("parse", "text"),
    [
        (parse_fib_trie, b"no table"),
        (parse_if_inet6, b"fe80 1 2"),
        (parse_if_inet6, SIX.replace(b" 04 ", b" xx ")),
    ],
)
def test_what_is_no_table_is_refused(parse, text):
    with pytest.raises(ValueError, match=r"begin|form|invalid"):
        parse(text)


@given(st.binary(max_size=400))
def test_anything_is_addresses_or_refused(text):
    for parse in (parse_fib_trie, parse_if_inet6):
        for given_text in (text, TRIE + text, SIX + text):
            with suppress(ValueError):
                assert all(each.max_prefixlen for each in parse(given_text))


@pytest.mark.parametrize(
    ("bound", "there", "own", "word"),
    [
        ("127.0.0.1", "8.8.8.8", True, "loopback"),
        ("::1", "8.8.8.8", True, "loopback"),
        ("127.0.0.1", "8.8.8.8", False, "container_only"),
        ("10.0.0.5", "8.8.8.8", True, "private"),
        ("8.8.8.8", "8.8.8.8", False, "public"),
        ("0.0.0.0", "127.0.0.1 ::1", True, "loopback"),
        ("0.0.0.0", "127.0.0.1 ::1", False, "container_only"),
        ("0.0.0.0", "", False, "container_only"),
        ("0.0.0.0", "127.0.0.1 10.0.0.5", True, "private"),
        ("0.0.0.0", "10.0.0.5 8.8.8.8", True, "public"),
        ("0.0.0.0", "172.17.0.2 127.0.0.1", False, "private"),
        ("0.0.0.0", "10.0.0.5 2606:4700::1111", True, "private"),  # nobody gets there by IPv6
        ("::", "10.0.0.5 2606:4700::1111", True, "public"),
        ("::", "8.8.8.8 ::1", True, "public"),  # it may take IPv4, too
        ("::", "fe80::1 ::1", True, "private"),
    ],
)
def test_a_socket_has_its_effective_scope(bound, there, own, word):
    assert effective_scope(ip_address(bound), addresses(*there.split()), own=own) == word
    assert word in SCOPES


def test_the_fixture_trees_are_read():
    found = read_addresses(str(Path(__file__).parents[2] / "hosts/training/proc/3102"))

    assert {str(each) for each in found.all} == {
        *("10.0.0.5", "127.0.0.1", "::1", "fe80::fc:ff:fe00:1"),
    }
    assert list(found.links.values()) == [2]
