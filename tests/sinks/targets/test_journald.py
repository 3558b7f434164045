"""Entries as the journal's native protocol has them; no text can forge a field."""

from __future__ import annotations

import json
import os
import socket
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aisec_daemon.model import Change, Evidence
from aisec_daemon.model.ocsf import Source
from aisec_daemon.sinks.targets.journald import Journald
from tests.journal.findings import change, finding

HOSTILE = st.text(max_size=40) | st.sampled_from(
    ["a\nMESSAGE_ID=x", "\0", "\x1b[2J", "\ud800", "x" * 65536, "=\n\n=", "'\"\\"]
)


class Stand:
    """Stands in for systemd-journald."""

    def __init__(self, path):
        self.path = str(path)
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(self.path)
        self.socket.settimeout(5)

    def entry(self) -> dict[str, str]:
        data, files, _, _ = socket.recv_fds(self.socket, 1 << 20, 1)
        if files:
            with os.fdopen(files[0], "rb") as stream:
                stream.seek(0)
                data = stream.read()
        return parse(data)


def parse(data: bytes) -> dict[str, str]:
    """Read an entry as systemd does."""
    found = {}
    while data:
        name, _, data = data.partition(b"\n")
        assert b"=" not in name
        size = int.from_bytes(data[:8], "little")
        assert data[8 + size : 9 + size] == b"\n"
        found[name.decode()] = data[8 : 8 + size].decode()
        data = data[9 + size :]
    return found


@pytest.fixture
def stand(tmp_path):
    made = Stand(tmp_path / "socket")
    yield made
    made.socket.close()


@pytest.fixture
def target(stand):
    made = Journald(Source("node", "1"), stand.path)
    yield made
    made.close()


def test_a_finding_is_one_entry_with_its_event(stand, target):
    target.send(7, change("opened"))
    entry = stand.entry()

    assert entry["MESSAGE"] == "finding a opened high hot: a is hot"
    assert entry["PRIORITY"] == "3"
    assert (entry["AISEC_FINDING"], entry["AISEC_RULE"]) == ("a", "hot")
    assert (entry["AISEC_CHANGE"], entry["AISEC_TECHNIQUE"]) == ("opened", "T1496")
    assert json.loads(entry["AISEC_EVENT"])["metadata"]["uid"] == "node/7"


def test_a_closing_is_no_error(stand, target):
    target.send(7, change("closed"))

    assert stand.entry()["PRIORITY"] == "6"


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(text=HOSTILE)
def test_hostile_text_stays_in_its_field(stand, target, text):
    labels = {"user": text}
    target.send(
        1, change("opened", of=finding(text, reason=text, labels=labels, facts={text: text}))
    )
    entry = stand.entry()

    assert set(entry) == {
        *("MESSAGE", "PRIORITY", "SYSLOG_IDENTIFIER", "MESSAGE_ID", "AISEC_FINDING"),
        *("AISEC_CHANGE", "AISEC_RULE", "AISEC_SEVERITY", "AISEC_TECHNIQUE", "AISEC_USER"),
        "AISEC_EVENT",
    }
    assert entry["AISEC_USER"] == text.encode("utf-8", "backslashreplace").decode()
    assert json.loads(entry["AISEC_EVENT"])["finding_info"]["uid"] == text


def test_what_is_too_large_for_a_datagram_comes_in_a_file(stand, target):
    proof = Evidence("gpu", 1.0, ("a",), words={"name": ("y" * 3_000_000,)})
    opened = change("opened")
    target.send(1, Change(opened.time, "opened", opened.finding, (proof,)))
    event = json.loads(stand.entry()["AISEC_EVENT"])

    assert len(event["evidences"][0]["data"]["rows"][0]["name"]) == 3_000_000


def test_without_a_journal_it_fails_and_begins_anew_when_there_is_one(tmp_path):
    target = Journald(Source("node", "1"), str(tmp_path / "later"))
    with pytest.raises(OSError, match="No such file"):
        target.send(1, change("opened"))
    target.close()
    stand = Stand(tmp_path / "later")
    target.send(1, change("opened", of=replace(finding(), reason="again")))

    assert stand.entry()["MESSAGE"].endswith("again")
    target.close()
    stand.socket.close()
