"""What to listen on."""

import socket

import pytest

from aisec_daemon.app.web.address import AddressError, is_loopback, join, listen_on, split


@pytest.mark.parametrize(
    ("listen", "host", "port"),
    [
        ("127.0.0.1:9837", "127.0.0.1", 9837),
        ("[::1]:9400", "::1", 9400),
        ("localhost:0", "localhost", 0),
        (":9837", "", 9837),
    ],
)
def test_an_address_is_a_host_and_a_port(listen: str, host: str, port: int) -> None:
    """It reads the same when put together again."""
    assert split(listen) == (host, port)
    assert join(host, port) == listen


@pytest.mark.parametrize(
    "listen", ["", "9837", "host", "host:", "host:x", "host:65536", "::1:9400"]
)
def test_what_is_no_address_is_refused_with_an_example(listen: str) -> None:
    """The sentence shows how one looks."""
    with pytest.raises(AddressError, match=r"is no address.*:9837"):
        split(listen)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.9.1", "::1", "localhost", "::ffff:127.0.0.1"])
def test_loopback_is_told(host: str) -> None:
    """All of 127/8, and its IPv6 forms."""
    assert is_loopback(host)


@pytest.mark.parametrize("host", ["", "0.0.0.0", "::", "192.0.2.1", "2001:db8::1", "no.invalid"])
def test_what_others_can_reach_is_told(host: str) -> None:
    """A name that cannot be resolved is not thought safe."""
    assert not is_loopback(host)


def test_an_address_in_use_is_said_in_a_sentence() -> None:
    """It names the address and the likely cause."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

        with pytest.raises(AddressError, match=f"127.0.0.1:{port}: another program .*listens"):
            listen_on("127.0.0.1", port)


def test_an_address_of_another_machine_is_said_in_a_sentence() -> None:
    """Documentation addresses belong to nobody."""
    with pytest.raises(AddressError, match="this machine has no such address"):
        listen_on("192.0.2.1", 0)


def test_no_host_is_every_interface() -> None:
    """Reached by IPv4, whatever family it listens on."""
    with listen_on("", 0) as listener:
        port = listener.getsockname()[1]
        socket.create_connection(("127.0.0.1", port), timeout=5).close()
