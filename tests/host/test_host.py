"""A host makes its readers as they are wanted."""

from __future__ import annotations

import pytest

from aisec_daemon.host.host import Host
from aisec_daemon.host.nvml.client import Nvml
from aisec_daemon.host.proc.processes import Processes
from aisec_daemon.host.tally import Tally


@pytest.fixture
def host(tmp_path):
    tally = Tally()
    nvml = Nvml(tally)
    processes = Processes(tmp_path, tally, bytes(16), connector=False)
    yield Host(tmp_path, tally, nvml, processes)
    processes.close()
    nvml.close()


def test_what_readers_of_programs_and_scripts_know_is_unread_while_there_are_none(host):
    told = host.digest("7:1"), host.script("7:1")

    assert told == (None, None)
    assert not {"programs", "workloads"} & vars(host).keys()


def test_their_words_are_passed_on_once_they_are_there(host, monkeypatch):
    monkeypatch.setattr(host.programs, "digest", {"7:1": "5ha"}.get)
    monkeypatch.setattr(host.workloads, "script", {"7:1": "/srv/train.py"}.get)

    assert (host.digest("7:1"), host.script("7:1")) == ("5ha", "/srv/train.py")


def test_readers_share_those_that_they_need(host):
    flows, postures = host.flows, host.postures

    assert flows is host.flows
    assert flows._workloads is postures._workloads is host.workloads
