"""The data file of services: GET only, and no pattern that can be made to run for long."""

from __future__ import annotations

import re
import time

import pytest

from aisec_daemon.host.probe.get import ANSWER_BYTES, Answer, Target, request
from aisec_daemon.host.probe.services import services
from tests.daemon import ROOT

ASKS = [pytest.param(ask, id=f"{s.name}{ask.path}") for s in services().values() for ask in s.asks]


def patterns(ask):
    marks = (*ask.mark, *ask.open, *ask.protected)
    found = [pattern for mark in marks for pattern in (*mark.head, *mark.body)]
    return found + ([ask.version] if ask.version else [])


@pytest.mark.parametrize("name", sorted(services()))
def test_a_class_is_whole(name):
    service = services()[name]

    assert service.control in {"code", "data", "prompts", ""}
    assert all(0 < port < 32768 for port in service.ports)
    assert any(ask.mark for ask in service.asks)


@pytest.mark.parametrize("ask", ASKS)
def test_a_path_is_one_that_changes_nothing(ask):
    """A GET of a fixed path; none of the words by which services act on one."""
    assert re.fullmatch(r"/[a-z0-9/._?=-]*", ask.path, re.IGNORECASE)
    assert not re.search(r"load|delete|shutdown|kill|create|register|submit|run/", ask.path)


@pytest.mark.parametrize("ask", ASKS)
def test_no_pattern_has_a_wildcard_without_a_bound(ask):
    for pattern in patterns(ask):
        text = pattern.pattern.decode()
        assert not re.search(r"(?<!\\)\.[*+]|\][*+]|\)[*+]|\{\d*,\}|\\[wWSd][*+]", text), text


@pytest.mark.parametrize("ask", ASKS)
def test_a_hostile_answer_is_judged_at_once(ask):
    """Beginnings of what the patterns look for, over and over."""
    bodies = [b"\n" * ANSWER_BYTES, b'"' * ANSWER_BYTES, b"1." * (ANSWER_BYTES // 2)]
    for pattern in patterns(ask):
        word = re.sub(rb"\\[a-zA-Z]|[\\^$*?+()|{}\[\]]", b"", pattern.pattern)[:60] or b" "
        bodies += [(word * ANSWER_BYTES)[:ANSWER_BYTES], (word + b" " * 500) * 8]
    begun = time.perf_counter()
    for body in bodies:
        for pattern in patterns(ask):
            pattern.search(body)
        for mark in (*ask.mark, *ask.open, *ask.protected):
            mark.fits(Answer(mark.status, body, body))

    assert time.perf_counter() - begun < 1.0


def test_the_page_for_operators_names_all_that_is_sent():
    page = (ROOT / "docs/rules/exposure.md").read_text("utf-8")
    for name, service in services().items():
        (row,) = [line for line in page.splitlines() if line.startswith(f"| `{name}` |")]
        ports = row.split("|")[2]
        paths = " ".join(f"`{ask.path}`" for ask in service.asks)

        assert f"| {paths} |" in row
        assert str(min(service.ports)) in ports
        assert str(max(service.ports)) in ports
    sent = request(Target("127.0.0.1", 8888), "/api").decode().strip().split("\r\n")
    assert "".join(f"    {line}\n" for line in sent) in page
