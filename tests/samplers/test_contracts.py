"""Asks every sampler the same questions; a new file is asked before it has a test."""

from __future__ import annotations

import sys
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest

from aisec_daemon.app import catalogue
from aisec_daemon.host.errors import UnreadableError
from aisec_daemon.host.host import Host
from aisec_daemon.host.nvml.client import Nvml
from aisec_daemon.host.proc.processes import Processes
from aisec_daemon.host.tally import Tally
from aisec_daemon.model.decoder import Decoder
from aisec_daemon.model.recording import Encoder
from aisec_daemon.model.table import Kind
from tests.daemon import FAKE_SITE

HOSTS = Path(__file__).parents[1] / "hosts"
SAMPLERS = [pytest.param(plugin(), id=name) for name, plugin in catalogue.samplers().items()]
every_sampler = pytest.mark.parametrize("sampler", SAMPLERS)


@pytest.fixture
def open_host(monkeypatch):
    """Open a node: a fixture's name, or a folder that holds nothing."""
    opened = []

    def open_(root: Path) -> Host:
        monkeypatch.setenv("PYTHONPATH", str(FAKE_SITE))
        monkeypatch.setenv("AISEC_FAKE_NVML", str(HOSTS / "no-driver/nvml.json"))
        if (root / "nvml.json").exists():
            monkeypatch.setenv("AISEC_FAKE_NVML", str(root / "nvml.json"))
        tally = Tally()
        nvml = Nvml(tally, command=[sys.executable, "-m", "aisec_daemon.host.nvml.child"])
        processes = Processes(root, tally, key=b"k" * 32, connector=False)
        opened.append(Host(root, tally, nvml, processes))
        return opened[-1]

    yield open_
    for host in opened:
        host.processes.close()
        host.nvml.close()


def read(sampler, host: Host):
    """Read until the driver's child is up."""
    for _ in range(50):
        with suppress(UnreadableError):
            return sampler.read(host, 1.8e9)
    return sampler.read(host, 1.8e9)


@every_sampler
@pytest.mark.parametrize("name", ["training", "hostile"])
def test_it_yields_its_table_at_the_time_it_was_given(sampler, name, open_host):
    root = HOSTS / name
    if not (root / "sys").exists() and sampler.table.name == "gpu_device":
        with pytest.raises(UnreadableError):
            sampler.read(open_host(root), 1.8e9)
        return
    snapshot = read(sampler, open_host(root))

    assert snapshot.table is type(sampler).table
    assert snapshot.time == 1.8e9
    assert snapshot.values.dtype == np.float64
    assert not np.isinf(snapshot.values).any()
    for words in snapshot.labels.values():
        assert all(word is None or isinstance(word, str) for word in words)
        assert all(word is None or word.isprintable() for word in words)


@every_sampler
def test_what_it_yields_can_be_recorded_and_read_back(sampler, open_host):
    snapshot = read(sampler, open_host(HOSTS / "training"))
    again = Decoder(catalogue.tables()).decode(Encoder().encode(snapshot))

    assert again.subjects == snapshot.subjects
    assert dict(again.labels) == dict(snapshot.labels)
    np.testing.assert_array_equal(again.values, snapshot.values)


@every_sampler
def test_a_node_that_cannot_be_read_is_an_error_never_an_empty_table(sampler, open_host, tmp_path):
    if sampler.table.name in ("sensor", "output"):
        return  # the daemon's own counts are always there; outputs come from sources in settings
    with pytest.raises(UnreadableError) as refusal:
        sampler.read(open_host(tmp_path), 1.8e9)

    assert str(refusal.value)
    assert "\n" not in str(refusal.value)
    assert refusal.value.sensor


@every_sampler
def test_its_table_explains_itself(sampler):
    table = sampler.table

    assert table.help
    assert all(column.help and label_free(column.help) for column in table.columns)
    assert all(label.help for label in table.labels)
    assert sampler.period > 0
    if table.aggregate:
        kinds = {column.kind for column in table.columns}
        assert kinds <= {Kind.GAUGE, Kind.COUNTER, Kind.TIMESTAMP}


def label_free(text: str) -> bool:
    return "\n" not in text
