"""The example for Alertmanager is valid, routes by severity, and says each thing once."""

from __future__ import annotations

import json
import re
import subprocess
import time
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from aisec_daemon.cli import app
from aisec_daemon.journal.journal import Journal
from aisec_daemon.model import Rule, Severity
from tests.journal.findings import change, finding, tick
from tests.sinks.alerting.story import Story
from tests.system.alertmanagers import alertmanager, people, wait
from tests.system.test_alertmanager import Node

pytestmark = pytest.mark.system

FOLDER = Path(__file__).parents[2] / "deploy/alertmanager"
CONFIG = FOLDER / "alertmanager.yml"
GPU = "GPU-0a1b2c3d-1111-2222-3333-444444444444"


def amtool(*arguments: str) -> str:
    done = subprocess.run(["amtool", *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_amtool_finds_nothing_wrong():
    assert "SUCCESS" in amtool("check-config", str(CONFIG))


@pytest.mark.parametrize(
    ("severity", "receiver"),
    [("critical", "pager"), ("high", "pager"), ("warning", "security"), ("info", "nobody")],
)
def test_severity_decides_who_is_told(severity, receiver):
    labels = ["alertname=AisecFinding", "rule=mining", f"severity={severity}"]
    told = amtool("config", "routes", "test", f"--config.file={CONFIG}", *labels)

    assert told.strip() == receiver


def test_the_watchdog_of_prometheus_goes_outside():
    labels = ["alertname=AisecWatchdog", "severity=none"]
    told = amtool("config", "routes", "test", f"--config.file={CONFIG}", *labels)

    assert told.strip() == "watchdog"


def test_an_alert_is_kept_firing_longer_than_the_example_waits():
    """Or one that is brief would never be heard of."""
    waits = re.findall(r"group_(?:wait|interval): (\d+)(s|m)", CONFIG.read_text())
    longest = max(int(number) * {"s": 1, "m": 60}[unit] for number, unit in waits)

    assert Story().policy.firing > longest + 20


def quick(config: str, webhook: str) -> str:
    """Return the example, hurried, for people at a webhook."""
    config = re.sub(r"http://127\.0\.0\.1:5001", f"http://{webhook}", config)
    config = re.sub(r"group_wait: \w+", "group_wait: 2s", config)
    config = re.sub(r"group_interval: \w+", "group_interval: 2s", config)
    return config.replace("aisec.tmpl", str(FOLDER / "aisec.tmpl"))


def rule(name: str) -> Rule:
    return Rule(name, f"It is {name}", Severity.HIGH, "Nothing.")


def test_a_gpu_that_is_gone_is_not_also_told_as_blind_but_others_are(tmp_path):
    other = GPU.replace("0a1b", "ffff")
    with (
        people() as someone,
        alertmanager(tmp_path, config=quick(CONFIG.read_text(), someone.address)) as am,
        Node().telling(am.address) as node,
    ):
        node.opens("gone", rule=rule("gpu_vanished"), key=GPU, labels={})
        node.opens("blind", rule=rule("blind"), key=f"gpu/{GPU}", labels={})
        node.opens("blind2", rule=rule("blind"), key=f"gpu/{other}", labels={})
        node.opens("blind3", rule=rule("blind"), key="sensor/nvml", labels={})
        wait(lambda: someone.ids("firing") >= {"gone", "blind2", "blind3"})
        time.sleep(3)

    assert someone.ids("firing") == {"gone", "blind2", "blind3"}


def test_who_mines_is_not_also_told_to_drift_but_others_are(tmp_path):
    mild = {"severity": Severity.WARNING}
    with (
        people() as someone,
        alertmanager(tmp_path, config=quick(CONFIG.read_text(), someone.address)) as am,
        Node().telling(am.address) as node,
    ):
        node.opens("mining", rule=rule("mining"), labels={"user": "alice"})
        node.opens("drift", rule=rule("drift"), labels={"user": "alice"}, **mild)
        node.opens("drift2", rule=rule("drift"), labels={"user": "bob"}, **mild)
        node.opens("drift3", rule=rule("drift"), labels={}, **mild)
        node.opens("exposure", rule=rule("exposure"), labels={"user": "alice"}, **mild)
        wait(lambda: someone.ids("firing") >= {"mining", "drift2", "drift3", "exposure"})
        time.sleep(3)

    assert "drift" not in someone.ids("firing")


def test_the_words_of_the_template_read_well_and_give_no_orders(tmp_path):
    story = Story().at(1_800_000_000)
    story.opens(
        "0123456789ab",
        rule=replace(rule("mining"), benign="Burn-in tests."),
        reason="<!channel> uses 8 GPUs evenly",
        subjects=(GPU, "<http://evil|click>"),
        facts={"power_watts": 412.25},
        labels={"user": "alice"},
    )
    content = story.heard[-1].content
    alert = {**content, "status": "firing"}
    data = tmp_path / "data.json"
    data.write_text(json.dumps({"status": "firing", "alerts": [alert]}))
    text = amtool(
        "template",
        "render",
        f"--template.glob={FOLDER}/*.tmpl",
        '--template.text={{ template "aisec.title" . }}\n{{ template "aisec.text" . }}',
        f"--template.data={data}",
    )

    assert text.strip() == (
        "[FIRING 1] It is mining on node7\n"
        "HIGH: \u2039!channel\u203a uses 8 GPUs evenly\n"
        "Since: 2027-01-15 08:00:00 UTC\n"
        "User: alice\n"
        f"Concerns:\n{GPU}\n\u2039http://evil|click\u203a\n"
        "Facts:\npower_watts: 412.25\n"
        "Looks similar when harmless: Burn-in tests.\n"
        "On the node: sudo aisec-daemon findings 0123456789ab"
    )


def test_the_command_in_a_notification_is_one_that_there_is(tmp_path):
    journal = Journal(tmp_path, 1.8e9)
    journal(tick(change("opened", of=finding("0123456789ab"))))
    journal.close()
    text = (FOLDER / "aisec.tmpl").read_text("utf-8")
    (words,) = re.findall(r"sudo aisec-daemon (.*) \{\{ \. \}\}", text)
    asked = CliRunner().invoke(app, [*words.split(), "0123456789ab", "--state", str(tmp_path)])

    assert asked.exit_code == 0, asked.output
    assert asked.output.startswith("0123456789ab")


def test_the_watchdog_is_told_at_every_interval():
    """Alertmanager repeats with the first group that comes `repeat_interval` after it last told.

    Telling takes some milliseconds: with two equal intervals a real one told every other minute.
    """
    route = CONFIG.read_text().partition("receiver: watchdog")[2]
    group, again = (
        int(number) * {"s": 1, "m": 60}[unit]
        for number, unit in re.findall(r"(?:group|repeat)_interval: (\d+)(s|m)", route)[:2]
    )

    assert group == 60
    assert group - 20 <= again < group
