"""Whole nodes as plain files, each with the metrics page that it must give."""

from __future__ import annotations

import re
import sys
import time
from pathlib import Path

import pytest

from aisec_daemon.app import catalogue
from aisec_daemon.app.settings import load
from aisec_daemon.host.errors import UnreadableError
from aisec_daemon.host.host import Host
from aisec_daemon.host.nvml.client import Nvml
from aisec_daemon.host.proc.processes import Processes
from aisec_daemon.host.tally import Tally
from aisec_daemon.pipeline.pipeline import Pipeline
from aisec_daemon.pipeline.upkeep import Upkeep
from aisec_daemon.sinks.metrics import Metrics
from tests.daemon import FAKE_SITE

HOSTS = Path(__file__).parent / "hosts"
NOW = 1_800_000_000.0
TIMED = ("gpu_read_", "gpu_utilization_stddev", "gpu_power_stddev", "gpu_pcie_")  # of real time
MEASURED = re.compile(rf"^(# (HELP|TYPE) )?aisec_({'|'.join(TIMED)}|sensor|process_tree|build)")


@pytest.fixture
def host(request, monkeypatch):
    root = HOSTS / request.param
    monkeypatch.setenv("PYTHONPATH", str(FAKE_SITE))
    monkeypatch.setenv("AISEC_FAKE_NVML", str(root / "nvml.json"))
    tally = Tally()
    child = [sys.executable, "-m", "aisec_daemon.host.nvml.child"]
    nvml = Nvml(tally, period_seconds=0.2, command=child)
    processes = Processes(root, tally, key=b"k" * 32, connector=False)
    yield Host(root, tally, nvml, processes)
    processes.close()
    nvml.close()


def warm(host: Host) -> None:
    """Read until rates and samples between readings are known, as after a node's first seconds.

    Every sampler is given the last of these readings, however long the others take.
    """
    host.nvml._period = 0.2
    good = 0
    for _ in range(40):
        try:
            host.nvml.read()
            good += 1
        except UnreadableError as error:
            if "LIBRARY_NOT_FOUND" in str(error):
                return
        if good == 4:
            host.nvml._period = 600.0
            return
        time.sleep(0.25)


def read(host: Host, pipeline: Pipeline, metrics: Metrics) -> None:
    """Let every sampler read once, as the daemon does."""
    upkeep = Upkeep()
    for sampler in load(None).enabled("samplers"):
        part, error, sensor = f"sampler/{sampler.table.name}", "", ""
        upkeep.expect(part, sampler.period, NOW - 60)
        try:
            metrics(pipeline.step(sampler.read(host, NOW)))
        except UnreadableError as unreadable:
            error, sensor = str(unreadable), unreadable.sensor
        upkeep.ran(part, NOW, 0.001, error, sensor)
    metrics(pipeline.step(upkeep.snapshot(NOW)))


def shown(host: Host, detectors) -> str:
    """Read once, as after a start, and return what does not hang on real time."""
    pipeline = Pipeline(catalogue.tables(), detectors, {})
    metrics = Metrics([detector.rule for detector in detectors])
    read(host, pipeline, metrics)
    lines = metrics.page().decode().splitlines()
    kept = [line for line in lines if "aisec_" in line and not MEASURED.match(line)]
    reasons = [f"# finding {f.rule.name} {f.key}: {f.reason}" for f in pipeline.casebook.open]
    return "\n".join([*kept, *reasons, ""])


@pytest.mark.parametrize("host", sorted(h.name for h in HOSTS.iterdir()), indirect=True)
def test_a_node_gives_its_page(host, golden):
    detectors = load(None).enabled("detectors")
    for last in (False, False, True):  # on a busy machine a GPU may come too late
        warm(host)
        page = shown(host, detectors)
        try:
            golden(f"{host.root.name}.metrics", page)
        except AssertionError:
            if last:
                raise
        else:
            break
