"""Dashboards: current, well laid out, and asking only for what there is."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from aisec_daemon.app import reference

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "deploy/grafana"
FILES = sorted((FOLDER / "dashboards").glob("*.json"))
VARIABLES = {"datasource", "instance", "__rate_interval", "__url_time_range", "__data"}


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_dashboards_are_current(file):
    """`make docs` writes them."""
    script = "import make, sys; sys.stdout.write(make.dashboards()[sys.argv[1]])"
    made = subprocess.run(
        [sys.executable, "-B", "-c", script, file.name],
        cwd=FOLDER,
        capture_output=True,
        text=True,
        check=True,
    )

    assert made.stdout == file.read_text("utf-8")


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_linter_would_find_nothing(file):
    """Ids and titles of their own, words for each panel, one data source that is chosen."""
    board = json.loads(file.read_text("utf-8"))
    panels = board["panels"]

    assert board["uid"] == file.stem
    assert len({panel["id"] for panel in panels}) == len(panels)
    assert {v["name"] for v in board["templating"]["list"]} <= VARIABLES
    for panel in panels:
        assert panel["title"]
        assert panel["description"].endswith(".")
        assert panel["fieldConfig"]["defaults"]["unit"]
        for target in (panel, *panel["targets"]):
            assert target["datasource"] == {"type": "prometheus", "uid": "${datasource}"}
    used = set(re.findall(r"\$\{?(\w+)", file.read_text("utf-8")))
    assert used <= VARIABLES


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_panels_fill_the_grid_without_lying_on_each_other(file):
    taken: dict[tuple[int, int], str] = {}
    for panel in json.loads(file.read_text("utf-8"))["panels"]:
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= 24
        for x in range(place["x"], place["x"] + place["w"]):
            for y in range(place["y"], place["y"] + place["h"]):
                assert taken.setdefault((x, y), panel["title"]) == panel["title"]
    assert len(taken) == 24 * (max(y for _, y in taken) + 1)


def test_the_fleet_is_read_from_recording_rules_alone():
    """Otherwise it would read a series for every rule of every node."""
    rules = yaml.safe_load((ROOT / "deploy/prometheus/aisec-recording.rules.yml").read_text())
    recorded = {rule["record"] for group in rules["groups"] for rule in group["rules"]}
    for panel in json.loads((FOLDER / "dashboards/aisec-fleet.json").read_text())["panels"]:
        for target in panel["targets"]:
            asked = set(re.findall(r"[a-z_0-9:]*aisec_[a-z_0-9:]+", target["expr"]))
            assert asked
            assert asked <= recorded


def test_the_node_is_read_from_metrics_that_there_are():
    there = set(re.findall(r"^\| `(aisec_\w+)`", reference.metrics_page(), flags=re.MULTILINE))
    text = (FOLDER / "dashboards/aisec-node.json").read_text()
    expressions = [t["expr"] for p in json.loads(text)["panels"] for t in p["targets"]]

    assert {name for e in expressions for name in re.findall(r"aisec_\w+", e)} <= there


def test_provisioning_leads_to_the_dashboards():
    board = yaml.safe_load((FOLDER / "provisioning/dashboards/aisec.yml").read_text())
    source = yaml.safe_load((FOLDER / "provisioning/datasources/aisec.yml").read_text())
    guide = (ROOT / "docs/fleet.md").read_text("utf-8")

    assert board["providers"][0]["options"]["path"] in guide
    assert source["datasources"][0]["type"] == "prometheus"
