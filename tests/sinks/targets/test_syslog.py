"""Messages that a receiver of RFC 5424 understands, over every way there is."""

from __future__ import annotations

import json
import re
import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aisec_daemon.model import Change, Evidence
from aisec_daemon.model.ocsf import Source
from aisec_daemon.sinks.targets.syslog import Address, Syslog, header
from tests.journal.findings import RULE, change, finding

SOURCE = Source("node-1", "1")
MESSAGE = re.compile(
    r"<(?P<priority>\d{1,3})>1 (?P<time>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z)"
    r" (?P<host>[!-~]{1,255}) aisec-daemon \d+ (?P<kind>[!-~]{1,32}) - (?P<text>.*)"
)


def parse(message: bytes) -> re.Match:
    found = MESSAGE.fullmatch(message.decode("ascii"))
    assert found, message
    return found


def unframed(data: bytes) -> list[bytes]:
    """Read messages by their counts."""
    found = []
    while data:
        count, space, rest = data.partition(b" ")
        if not space or len(rest) < int(count):
            break
        found.append(rest[: int(count)])
        data = rest[int(count) :]
    return found


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("/dev/log", Address("unix", "/dev/log")),
        ("udp://log.example.org", Address("udp", "log.example.org", 514)),
        ("udp://log.example.org:5514", Address("udp", "log.example.org", 5514)),
        ("tcp://[::1]:6514", Address("tcp", "::1", 6514)),
        ("tcp://log.example.org", Address("tcp", "log.example.org", 601)),
    ],
)
def test_addresses(text, address):
    assert Address.parse(text) == address


@pytest.mark.parametrize(
    "text", ["log.example.org", "http://x", "udp://", "tcp://x:99999", "udp:///x"]
)
def test_what_is_no_address_is_refused(text):
    with pytest.raises(ValueError, match=r"address|[Pp]ort"):
        Address.parse(text)


def test_over_udp():
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind(("127.0.0.1", 0))
    server.settimeout(5)
    target = Syslog(Address("udp", "127.0.0.1", server.getsockname()[1]), SOURCE, 8192)
    target.send(3, change("opened", time=1.8e9))
    found = parse(server.recv(65536))
    target.close()
    server.close()

    assert found["priority"] == str(10 * 8 + 3)
    assert (found["time"], found["host"], found["kind"]) == (
        "2027-01-15T08:00:00.000Z",
        "node-1",
        "hot",
    )
    assert json.loads(found["text"])["metadata"]["uid"] == "node-1/3"


def received(server: socket.socket, count: int) -> list[dict]:
    """Take so many messages from whoever connects next, and hang up."""
    way, _ = server.accept()
    way.settimeout(5)
    with way:
        data = b""
        while len(found := unframed(data)) < count:
            more = way.recv(65536)
            assert more, data
            data += more
    return [json.loads(parse(message)["text"]) for message in found]


def test_over_tcp_each_message_has_its_count_and_a_server_that_comes_back_is_found():
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(5)
        target = Syslog(Address("tcp", "127.0.0.1", server.getsockname()[1]), SOURCE, 8192)
        target.send(1, change("opened"))
        target.send(2, change("closed"))
        messages = received(server, 2)
        target.send(3, change("opened"))
        messages += received(server, 1)
        target.close()

    assert [each["metadata"]["sequence"] for each in messages] == [1, 2, 3]


@pytest.mark.parametrize("kind", [socket.SOCK_DGRAM, socket.SOCK_STREAM])
def test_over_a_socket_of_this_machine_of_either_kind(tmp_path, kind):
    server = socket.socket(socket.AF_UNIX, kind)
    server.bind(str(tmp_path / "log"))
    server.settimeout(5)
    if kind == socket.SOCK_STREAM:
        server.listen()
    target = Syslog(Address.parse(str(tmp_path / "log")), SOURCE, 8192)
    target.send(1, change("opened"))
    if kind == socket.SOCK_STREAM:
        way, _ = server.accept()
        (message,) = unframed(way.recv(65536))
        way.close()
    else:
        message = server.recv(65536)
    target.close()
    server.close()

    assert parse(message)["kind"] == "hot"


def test_what_is_too_large_loses_its_evidence_and_says_so():
    proof = Evidence("gpu", 1.0, ("a",), words={"name": ("y" * 9000,)})
    opened = change("opened")
    large = Change(opened.time, "opened", opened.finding, (proof,))
    message = Syslog(Address("udp", "x", 1), SOURCE, 4096)._message(1, large)
    event = json.loads(parse(message)["text"])

    assert len(message) <= 4096
    assert event["evidences"] == []
    assert event["unmapped"]["left_out"] == "evidence"


@given(st.text(max_size=50), st.text(max_size=400))
def test_hostile_text_forges_no_header_and_no_second_message(text, reason):
    rule = type(RULE)(text or "x", text, RULE.severity, text)
    hostile = change("opened", of=finding(text, rule=rule, reason=reason))
    message = Syslog(Address("udp", "x", 1), Source(text, "1"), 8192)._message(1, hostile)
    found = parse(message)

    assert json.loads(found["text"])["message"] == reason
    assert "\n" not in found["text"]


def test_a_node_without_a_name_has_a_dash():
    assert header(change("opened"), Source("", "1")).split()[2] == "-"
