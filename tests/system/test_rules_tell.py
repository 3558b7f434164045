"""A replayed incident reaches people through Prometheus' rules, whatever stops in between."""

from __future__ import annotations

import signal
import time
from pathlib import Path

import pytest

from tests.daemon import ROOT, running
from tests.system.alertmanagers import People, alertmanager, people, wait
from tests.system.test_deploy_alertmanager import CONFIG as EXAMPLE
from tests.system.test_deploy_alertmanager import quick
from tests.system.test_prometheus import REHEARSAL, prometheus, query

pytestmark = [pytest.mark.system, pytest.mark.timeout(240)]

CONFIG = (
    """
global: {{scrape_interval: 1s, evaluation_interval: 1s}}
rule_files: [{folder}/*.rules.yml]
alerting:
  alertmanagers:
    - static_configs: [{{targets: ["{alertmanager}"]}}]
"""
    + REHEARSAL
)


def hurry(folder: Path) -> None:
    """Lay the rules down, each waiting a second where it waits minutes."""
    for file in (ROOT / "deploy/prometheus").glob("*.rules.yml"):
        text = file.read_text("utf-8")
        (folder / file.name).write_text(
            text.replace("interval: 1m", "interval: 1s").replace("for: 3m", "for: 1s"), "utf-8"
        )


def told(someone: People, **labels: str) -> list[str]:
    """Return the states in which alerts with these labels were told, in order."""
    return [
        alert["status"]
        for notification in list(someone.notifications)
        for alert in notification["alerts"]
        if labels.items() <= alert["labels"].items()
    ]


def test_a_replayed_incident_is_told_once_across_an_outage_and_the_monitors_death(tmp_path):
    hurry(tmp_path)
    miner = {"alertname": "AisecFinding", "rule": "mining", "severity": "critical"}
    with (
        people() as someone,
        alertmanager(tmp_path / "am", config=quick(EXAMPLE.read_text(), someone.address)) as am,
        running(tmp_path / "state", "--demo") as daemon,
    ):
        am.stop()
        config = CONFIG.format(folder=tmp_path, alertmanager=am.address, target=daemon.address)
        with prometheus(
            tmp_path, daemon.address, config, "--rules.alert.resend-delay=2s"
        ) as address:
            firing = 'ALERTS{alertname="AisecFinding", rule="mining", severity="critical"}'
            wait(lambda: query(address, firing), 90)
            am.start()
            wait(lambda: told(someone, **miner))
            wait(lambda: told(someone, alertname="AisecWatchdog"))
            daemon.signal(signal.SIGKILL)
            wait(lambda: told(someone, alertname="AisecNodeDown"))
            time.sleep(6)  # three intervals in which its end would be told

    assert told(someone, **miner) == ["firing"]
    assert told(someone, alertname="AisecNodeDown") == ["firing"]
    (alert,) = (
        a
        for n in someone.notifications
        for a in n["alerts"]
        if miner.items() <= a["labels"].items()
    )
    assert alert["annotations"]["summary"] == "node1: A GPU or processor is used for mining"
    assert alert["annotations"]["runbook_url"].endswith("/rules/mining.md")
