"""Every query of every panel, asked of a real Prometheus that scraped a replayed incident."""

from __future__ import annotations

import json
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from typing import NamedTuple

import pytest

from tests.daemon import ROOT, running
from tests.system.test_prometheus import REHEARSAL, prometheus, query

pytestmark = [pytest.mark.system, pytest.mark.timeout(240)]

CONFIG = (
    """
global:
  scrape_interval: 1s
  evaluation_interval: 1s
rule_files: [{folder}/*.rules.yml]
"""
    + REHEARSAL
)
QUERIES = [
    pytest.param(target["expr"], target["instant"], id=f"{file.stem}-{panel['title']}")
    for file in sorted((ROOT / "deploy/grafana/dashboards").glob("*.json"))
    for panel in json.loads(file.read_text("utf-8"))["panels"]
    for target in panel["targets"]
]


class Incident(NamedTuple):
    """A Prometheus that has seen one, from when to when."""

    address: str
    begin: float
    end: float


@pytest.fixture(scope="module")
def incident(tmp_path_factory) -> Iterator[Incident]:
    """Play the bundled node until its lost GPU is told, alert included."""
    folder = tmp_path_factory.mktemp("incident")
    begin = time.time()
    for file in (ROOT / "deploy/prometheus").glob("*.rules.yml"):
        quick = file.read_text("utf-8").replace("interval: 1m", "interval: 1s")
        (folder / file.name).write_text(quick, "utf-8")
    with running(folder / "state", "--demo") as daemon:
        config = CONFIG.format(target=daemon.address, folder=folder)
        with prometheus(folder, daemon.address, config) as address:
            firing = 'ALERTS{alertname="AisecFinding", alertstate="firing", rule="blind"}'
            daemon.wait(lambda: query(address, firing), seconds=120)
            time.sleep(3)
            yield Incident(address, begin, time.time())


def ranged(incident: Incident, expression: str) -> list[dict]:
    """Return what a panel over the whole incident would draw."""
    span = {"start": incident.begin, "end": incident.end, "step": 2}
    parameters = urllib.parse.urlencode({"query": expression, **span})
    with urllib.request.urlopen(
        f"http://{incident.address}/api/v1/query_range?{parameters}"
    ) as got:
        return json.load(got)["data"]["result"]


@pytest.mark.parametrize(("expression", "instant"), QUERIES)
def test_a_panel_has_data(incident, expression, instant):
    asked = expression.replace("$instance", "node1").replace("$__rate_interval", "10s")
    assert "$" not in asked
    found = query(incident.address, asked) if instant else ranged(incident, asked)

    assert found, asked
    numbers = (
        [row["value"][1] for row in found]
        if instant
        else [number for row in found for _, number in row["values"]]
    )
    assert any(number != "NaN" for number in numbers), asked


def test_the_alert_reads_as_written(incident):
    with urllib.request.urlopen(f"http://{incident.address}/api/v1/alerts") as answer:
        alerts = json.load(answer)["data"]["alerts"]
    found = {a["labels"]["rule"]: a for a in alerts if a["labels"]["alertname"] == "AisecFinding"}

    blind = found["blind"]
    assert blind["annotations"]["summary"] == "node1: A sensor is silent or unreadable"
    assert blind["labels"]["severity"] == "high"
    firing = {a["labels"]["alertname"] for a in alerts if a["state"] == "firing"}
    assert firing == {"AisecFinding", "AisecWatchdog"}


def test_every_rule_is_evaluated_without_an_error(incident):
    with urllib.request.urlopen(f"http://{incident.address}/api/v1/rules") as answer:
        groups = json.load(answer)["data"]["groups"]
    rules = [rule for group in groups for rule in group["rules"]]

    assert len(rules) > 50
    assert [rule["name"] for rule in rules if rule["health"] != "ok"] == []


def test_dashboards_of_dcgm_exporter_have_data(incident):
    """What Grafana 12239 asks for, by its labels."""
    for field in ("DEV_GPU_TEMP", "DEV_POWER_USAGE", "DEV_SM_CLOCK", "DEV_FB_FREE", "DEV_FB_USED"):
        name = f"max by (Hostname, gpu) (DCGM_FI_{field}{{Hostname='node1'}})"
        assert len(ranged(incident, name)) == 8, field
    for field in ("PROF_GR_ENGINE_ACTIVE", "PROF_PIPE_TENSOR_ACTIVE"):
        assert ranged(incident, f"DCGM_FI_{field}"), field
