"""The tree is what the documentation says, and every plug-in has its page and its test."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from aisec_daemon.app import catalogue

ROOT = Path(__file__).parents[1]


def test_every_folder_that_the_architecture_names_is_there_and_the_other_way_round():
    page = (ROOT / "docs/architecture.md").read_text("utf-8")
    named = set(re.findall(r"^\| `(aisec_daemon/\w+)` ", page, flags=re.MULTILINE))
    there = {
        f"aisec_daemon/{folder.name}"
        for folder in (ROOT / "aisec_daemon").iterdir()
        if (folder / "__init__.py").exists()
    }

    assert named == there


@pytest.mark.parametrize("rule", sorted(catalogue.detectors()))
def test_every_rule_has_a_runbook_and_a_test(rule):
    assert (ROOT / f"docs/rules/{rule}.md").read_text("utf-8").startswith(f"# {rule}\n")
    assert (ROOT / f"tests/detectors/test_{rule}.py").exists()


@pytest.mark.parametrize("table", sorted(catalogue.samplers()))
def test_every_sampler_has_a_test(table):
    assert (ROOT / f"tests/samplers/test_{table}.py").exists()


def test_every_sink_has_a_test():
    sinks = {file.stem for file in (ROOT / "aisec_daemon/sinks").glob("[a-z]*.py")}

    assert {sink for sink in sinks if not (ROOT / f"tests/sinks/test_{sink}.py").exists()} == set()


@pytest.mark.parametrize("name", sorted(catalogue.sinks()))
def test_every_sink_is_in_the_architecture(name):
    assert f"| `{name}` | " in (ROOT / "docs/architecture.md").read_text("utf-8")


def test_decisions_are_numbered_without_a_gap():
    numbers = sorted(int(file.name[:4]) for file in (ROOT / "docs/decisions").glob("*.md"))

    assert numbers == list(range(1, len(numbers) + 1))


def test_every_link_of_the_readme_leads_somewhere():
    text = (ROOT / "README.md").read_text("utf-8")
    links = [link for link in re.findall(r"\]\(([^)]+)\)", text) if "://" not in link]

    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []
