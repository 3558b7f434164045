"""Alert rules: every one has its page, its words and its test, and promtool agrees."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
import yaml

from aisec_daemon.app import catalogue, reference

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "deploy/prometheus"
BASE = "https://runbooks.example.org/"
OF_SINKS = {
    "aisec_alertmanager_refused_alerts_total",
    "aisec_alertmanager_waiting_changes",
    "aisec_journal_lost_changes_total",
}
"""Metrics that are on the page only where that sink is open; AisecPartMissing is their twin."""


def rules(file: Path) -> list[dict]:
    return [rule for group in yaml.safe_load(file.read_text())["groups"] for rule in group["rules"]]


ALERTS = {
    rule["alert"]: rule
    for name in ("findings", "monitor")
    for rule in rules(FOLDER / f"aisec-{name}.rules.yml")
}


def anchors(page: Path) -> set[str]:
    """Return the anchors of a Markdown page's headings, as forges make them."""
    heads = re.findall(r"^#+ (.+)$", page.read_text("utf-8"), flags=re.MULTILINE)
    return {re.sub(r"[^\w-]", "", head.lower().replace(" ", "-")) for head in heads}


@pytest.mark.parametrize("name", ALERTS)
def test_every_alert_leads_to_a_page_that_is_there(name):
    url = ALERTS[name]["annotations"]["runbook_url"]
    assert url.startswith(BASE)
    path, _, anchor = url.removeprefix(BASE).partition("#")
    pages = [path]
    if "{{ $labels.rule }}" in path:
        pages = [path.replace("{{ $labels.rule }}", rule) for rule in catalogue.detectors()]

    assert [page for page in pages if not (ROOT / "docs" / page).is_file()] == []
    assert not anchor or anchor in anchors(ROOT / "docs" / path)


@pytest.mark.parametrize("name", ALERTS)
def test_every_alert_reads_well(name):
    """A summary of one line that names the node wherever there is one, and more below it."""
    rule = ALERTS[name]

    assert set(rule["annotations"]) == {"summary", "description", "runbook_url"}
    assert "\n" not in rule["annotations"]["summary"]
    assert rule["annotations"]["description"].rstrip().endswith(".")
    of_the_fleet = {"AisecManyNodesDown", "AisecNoNodes", "AisecWatchdog"}
    assert (name in of_the_fleet) != ("$labels.instance" in rule["annotations"]["summary"])
    carried = {"AisecFinding", "AisecFindingBrief"}  # these have the finding's own severity
    assert (name in carried) != ("severity" in rule.get("labels", {}))


def test_every_alert_is_seen_firing_in_a_test_of_promtool():
    seen = set()
    for file in (FOLDER / "tests").glob("*.test.yml"):
        for test in yaml.safe_load(file.read_text())["tests"]:
            for case in test.get("alert_rule_test", []):
                seen |= {case["alertname"]} if case.get("exp_alerts") else set()
            for case in test.get("promql_expr_test", []):
                text = case["expr"] + str(case["exp_samples"])
                if case["exp_samples"]:
                    seen |= {name for name in ALERTS if re.search(rf"\b{name}\b", text)}

    assert set(ALERTS) - seen == set()


def test_rules_ask_only_for_metrics_that_there_are():
    """A name that is misspelt would never fire; labels in `by` and `on` are no metrics."""
    there = set(re.findall(r"^\| `(aisec_\w+)`", reference.metrics_page(), flags=re.MULTILINE))
    for file in FOLDER.glob("*.rules.yml"):
        for rule in rules(file):
            asked = set(re.findall(r"(?<![:\w])aisec_\w+(?![:\w])", rule["expr"]))
            assert asked - there == set(), rule


def test_every_metric_of_an_alert_has_a_twin_that_fires_when_it_is_absent():
    """AisecPageIncomplete names each metric that the other alerts need; `up` has its own."""
    twin = ALERTS["AisecPageIncomplete"]["expr"]
    optional = {
        "aisec_upkeep_period_seconds",  # absent for parts that events call
        "aisec_upkeep_runs_total",  # a twin itself: AisecPartMissing
        "aisec_process_tree_cpu_seconds_total",  # read together with the memory
        "aisec_build_info",  # AisecReplayed is no alert of absence
        "aisec_finding_allowed",  # only quietens: without it more is told
    }
    for name, rule in ALERTS.items():
        asked = set(re.findall(r"\baisec_\w+|process_start_time_seconds", rule["expr"]))
        missing = {m for m in asked - optional - OF_SINKS if f"instance) {m}," not in twin}
        assert missing == set(), name


def promtool(*arguments: object) -> str:
    """Run promtool; fail with what it says if it finds fault."""
    command = ["promtool", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.system
def test_promtool_checks_the_rules():
    assert "duplicate" not in promtool("check", "rules", *sorted(FOLDER.glob("*.rules.yml")))


@pytest.mark.system
def test_promtool_tests_the_rules():
    promtool("test", "rules", *sorted((FOLDER / "tests").glob("*.test.yml")))


@pytest.mark.system
def test_promtool_checks_the_sample_configuration(tmp_path):
    """With its paths led to the rules that lie here, those of dcgm-exporter's names among them."""
    text = (FOLDER / "prometheus.yml").read_text().replace("# - /etc", "- /etc")
    (tmp_path / "nodes.json").write_text('[{"targets": ["node1.example.org:9837"]}]')
    text = text.replace("/etc/prometheus/aisec/nodes", f"{tmp_path}/nodes")
    config = tmp_path / "prometheus.yml"
    config.write_text(text.replace("/etc/prometheus/aisec", str(FOLDER)))

    assert promtool("check", "config", config).count("rules found") == 4
