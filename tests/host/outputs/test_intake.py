"""The intake takes datagrams on loopback and from nowhere else."""

from __future__ import annotations

import socket

import pytest

from aisec_daemon.host.errors import UnreadableError
from aisec_daemon.host.outputs.intake import Intake


@pytest.fixture
def intake():
    intake = Intake("127.0.0.1:0")
    yield intake
    intake.close()


def send(intake, *datagrams):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        for datagram in datagrams:
            sender.sendto(datagram, ("127.0.0.1", intake.port))


def test_every_line_of_every_datagram_is_taken(intake):
    send(intake, b"m\t1\nm\t2", b"m\t3")

    assert intake.read() == [b"m\t1", b"m\t2", b"m\t3"]
    assert intake.read() == []


def test_what_the_kernel_dropped_is_counted(intake):
    send(intake, *[b"x" * 1000] * 5000)
    while intake.read():
        pass
    send(intake, b"1")
    intake.read()

    assert intake.dropped > 0


@pytest.mark.parametrize("address", ["0.0.0.0:9838", "10.0.0.1:1", "127.0.0.1", "[::]:5", "x:1"])
def test_addresses_that_others_could_reach_are_refused(address):
    with pytest.raises(UnreadableError, match="no loopback address"):
        Intake(address)


def test_a_port_that_is_taken_is_said(intake):
    with pytest.raises(UnreadableError, match="cannot be listened on"):
        Intake(f"127.0.0.1:{intake.port}")
