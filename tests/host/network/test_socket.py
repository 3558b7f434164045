"""Where a peer is."""

from __future__ import annotations

from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aisec_daemon.host.network.socket import address, scope, state_name


@pytest.mark.parametrize(
    ("peer", "word"),
    [
        ("0.0.0.0", "none"),
        ("::", "none"),
        ("127.0.0.1", "loopback"),
        ("127.9.9.9", "loopback"),
        ("::1", "loopback"),
        ("10.1.2.3", "private"),
        ("192.168.0.1", "private"),
        ("172.31.0.1", "private"),
        ("100.64.0.1", "private"),
        ("169.254.1.1", "private"),
        ("fd00::1", "private"),
        ("fe80::1", "private"),
        ("8.8.8.8", "public"),
        ("2606:4700::1111", "public"),
    ],
)
def test_a_peer_has_its_scope(peer, word):
    assert scope(ip_address(peer)) == word


def test_a_mapped_address_is_judged_as_the_one_it_holds():
    assert scope(address(ip_address("::ffff:10.0.0.1").packed)) == "private"
    assert scope(address(ip_address("::ffff:127.0.0.1").packed)) == "loopback"


@given(st.binary(min_size=4, max_size=4) | st.binary(min_size=16, max_size=16))
def test_every_address_has_a_scope(raw):
    assert scope(address(raw)) in {"none", "loopback", "private", "public"}


def test_states_are_three():
    assert {state_name(state) for state in range(14)} == {"established", "listen", "other"}
