"""What the guides tell people to type does what they say, on the files that it is typed for."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from aisec_daemon.app.settings import load

ROOT = Path(__file__).parents[2]


def block(page: str, phrase: str) -> str:
    """Return the one indented block of a page in which a phrase stands, without its indent."""
    text = (ROOT / "docs" / page).read_text("utf-8")
    blocks = re.findall(r"(?:^ {4}.*\n(?:\n(?= {4}))?)+", text, flags=re.MULTILINE)
    (found,) = [each for each in blocks if phrase in each]
    return re.sub("^ {4}", "", found, flags=re.MULTILINE)


def commands(page: str, phrase: str, word: str) -> str:
    """Return the commands of a block that begin with a word, continued lines with them."""
    joined = block(page, phrase).replace("\\\n", "")
    return "\n".join(line for line in joined.splitlines() if line.startswith(word))


def typed(command: str, named: str, place: Path) -> None:
    """Run it, as whoever runs this test, on another place than the one that it names last."""
    *before, after = command.replace("sudo ", "").split(named)
    command = named.join(before) + str(place) + after
    subprocess.run(["sh", "-euc", command], check=True, cwd=ROOT)


@pytest.fixture
def settings(tmp_path) -> Path:
    """Return a copy of what `make install` lays down."""
    return Path(shutil.copy(ROOT / "deploy/aisec.toml", tmp_path))


def test_letting_prometheus_in_changes_two_lines_of_the_settings(settings):
    before = settings.read_text("utf-8").splitlines()
    typed(commands("fleet.md", "# listen = ", "sudo sed"), "/etc/aisec-daemon", settings.parent)
    after = settings.read_text("utf-8").splitlines()

    changed = [line for old, line in zip(before, after, strict=True) if old != line]
    assert changed == ['listen = ":9837"', 'web_config = "/etc/aisec-daemon/web.yml"']


def test_taking_the_marks_away_lets_prometheus_ask_with_password_and_trust(tmp_path):
    shutil.copy(ROOT / "deploy/prometheus/prometheus.yml", tmp_path)
    typed(commands("fleet.md", "(scheme|", "sudo sed"), "/etc/prometheus", tmp_path)
    (job,) = yaml.safe_load((tmp_path / "prometheus.yml").read_text("utf-8"))["scrape_configs"]

    assert job["scheme"] == "https"
    assert job["tls_config"] == {"ca_file": "/etc/prometheus/aisec/ca.crt"}
    assert job["basic_auth"]["password_file"] == "/etc/prometheus/aisec/password"


def test_the_rehearsal_fits_at_the_end_of_the_settings_of_prometheus():
    text = (ROOT / "deploy/prometheus/prometheus.yml").read_text("utf-8")
    rehearsal = block("fleet.md", "job_name: rehearsal")
    jobs = yaml.safe_load(text + rehearsal)["scrape_configs"]

    assert [job["job_name"] for job in jobs] == ["aisec-daemon", "rehearsal"]


@pytest.mark.parametrize(
    ("phrase", "place", "files"),
    [
        ("/etc/prometheus/aisec/*.rules.yml", "/etc/prometheus/aisec", "deploy/prometheus"),
        ("prometheusrule-*", "deploy/kubernetes/base", "deploy/kubernetes/base"),
    ],
)
def test_after_one_command_no_alert_leads_nowhere(tmp_path, phrase, place, files):
    folder = tmp_path / "rules"
    shutil.copytree(ROOT / files, folder)
    (line,) = [
        line
        for line in block("fleet.md", phrase).replace("\\\n", "").splitlines()
        if "runbooks.example.org" in line
    ]
    typed(line, place, folder)
    urls = [
        url
        for file in folder.glob("*rule*.y*ml")
        for url in re.findall(r"runbook_url: (\S+)", file.read_text("utf-8"))
    ]

    assert len(urls) > 2
    assert all(url.startswith("https://wiki.example.org/aisec/") for url in urls)


def test_pushed_alerts_lead_to_the_same_page_as_those_of_the_rules(tmp_path):
    rules = (ROOT / "deploy/prometheus/aisec-findings.rules.yml").read_text("utf-8")
    (path,) = set(re.findall(r"runbook_url: https://runbooks\.example\.org/(.*)", rules))
    pushed = re.search(r'runbooks = "(.*)"', block("alerting.md", "[sinks.alertmanager]"))[1]

    assert pushed == "https://wiki.example.org/aisec/" + path.replace(
        "{{ $labels.rule }}", "{rule}"
    )


@pytest.mark.parametrize("sink", ["alertmanager", "events"])
def test_examples_of_settings_have_no_mistake(tmp_path, sink):
    file = tmp_path / "aisec.toml"
    file.write_text(block("alerting.md", f"[sinks.{sink}]"), "utf-8")

    assert load(file).sinks
