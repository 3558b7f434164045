"""A real Prometheus scrapes the real daemon, and promtool finds nothing to complain of."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.daemon import Running, running
from tests.fake_nvml import scenario

pytestmark = pytest.mark.system

CONFIG = """
global:
  scrape_interval: 1s
scrape_configs:
  - job_name: aisec
    static_configs:
      - targets: ["{target}"]
"""
REHEARSAL = """
scrape_configs:
  - job_name: aisec-daemon
    static_configs:
      - targets: ["{target}"]
        labels: {{instance: node1}}
    metric_relabel_configs:
      - {{action: labeldrop, regex: replayed}} # a rehearsal: docs/fleet.md
"""
"""A daemon that replays, scraped as if it watched node1."""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def prometheus(folder: Path, target: str, config: str = "", *flags: str) -> Iterator[str]:
    """Run Debian's Prometheus on a loopback port and yield its address."""
    (folder / "prometheus.yml").write_text(config or CONFIG.format(target=target))
    address = f"127.0.0.1:{free_port()}"
    process = subprocess.Popen(
        [
            "prometheus",
            f"--config.file={folder / 'prometheus.yml'}",
            f"--storage.tsdb.path={folder / 'data'}",
            f"--web.listen-address={address}",
            *flags,
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield address
    finally:
        process.terminate()
        process.wait(timeout=30)


def query(address: str, expression: str) -> list[dict]:
    parameters = urllib.parse.urlencode({"query": expression})
    try:
        with urllib.request.urlopen(f"http://{address}/api/v1/query?{parameters}") as answer:
            return json.load(answer)["data"]["result"]
    except OSError:
        return []


def world(folder: Path) -> Path:
    path = folder / "world.json"
    node = scenario.node(gpus=8)
    node["gpus"][0]["processes"] = [scenario.process(pid=os.getpid())]
    scenario.write(path, node)
    return path


def settle(daemon: Running) -> None:
    daemon.wait(lambda: daemon.ready)
    daemon.wait(lambda: daemon.value("aisec_gpu_process_count"))


def test_prometheus_scrapes_a_node_of_eight_gpus(tmp_path):
    with running(tmp_path / "state", world=world(tmp_path)) as daemon:
        settle(daemon)
        with prometheus(tmp_path, daemon.address) as address:
            watts = daemon.wait(lambda: query(address, "aisec_gpu_power_watts"), seconds=40)
            time.sleep(3)
            joined = query(
                address, "aisec_gpu_power_watts * on (uuid) group_left (index, name) aisec_gpu_info"
            )
            energy = query(address, "rate(aisec_gpu_energy_joules_total[5s])")
            up = query(address, 'up{job="aisec"}')
            types = query(address, 'aisec_finding_open{rule="blind"}')

    assert len(watts) == 8
    assert {row["metric"]["index"] for row in joined} == {str(i) for i in range(8)}
    assert len(energy) == 8
    assert [row["value"][1] for row in up] == ["1"]
    assert [row["value"][1] for row in types] == ["0"]


@pytest.mark.parametrize("accept", ["text/plain", "application/openmetrics-text"])
def test_promtool_finds_nothing_to_complain_of(tmp_path, accept):
    with running(tmp_path / "state", world=world(tmp_path)) as daemon:
        settle(daemon)
        request = urllib.request.Request(
            f"http://{daemon.address}/metrics", headers={"Accept": accept}
        )
        with urllib.request.urlopen(request) as answer:
            page = answer.read()
            kind = answer.headers["Content-Type"]

    assert kind.startswith(accept)
    if accept == "text/plain":  # promtool reads this format alone
        checked = subprocess.run(
            ["promtool", "check", "metrics"], input=page, capture_output=True, check=False
        )
        assert (checked.returncode, checked.stdout + checked.stderr) == (0, b"")
    else:
        assert page.endswith(b"# EOF\n")
