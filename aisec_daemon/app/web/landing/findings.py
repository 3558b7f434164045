"""Findings on the page: the worst first, each with what a person needs at night."""

from __future__ import annotations

import math
from collections.abc import Sequence

from aisec_daemon.app.web.landing.words import NOTHING, clock, safe, span
from aisec_daemon.app.web.runbooks import find
from aisec_daemon.model import Finding
from aisec_daemon.model.rule import Fact, worded

_CARDS = 100
_SUBJECTS = 8
_FACTS = 12
_REASON = 700  # characters


def findings_section(findings: Sequence[Finding], time: float) -> str:
    """Return open findings as cards, and those that are permitted folded away below them."""
    told = sorted((f for f in findings if not f.allowed), key=lambda f: (-f.severity, f.opened))
    permitted = sorted((f for f in findings if f.allowed), key=lambda f: (-f.severity, f.opened))
    body = _cards(told, time) or '<p class="calm">No finding is open.</p>'
    if permitted:
        body += (
            f"<details><summary>{len(permitted)} permitted by an exception</summary>"
            f"{_cards(permitted, time)}</details>"
        )
    return f'<section id="findings"><h2>Open findings</h2>{body}</section>'


def tones(findings: Sequence[Finding], uuids: Sequence[str]) -> dict[str, str]:
    """Return, for each GPU that a finding is about, the gravest severity's word."""
    gravest: dict[str, Finding] = {}
    for finding in sorted(findings, key=lambda f: f.severity)[-_CARDS:]:
        if not finding.allowed:
            named = " ".join(finding.subjects)
            gravest |= {uuid: finding for uuid in uuids if uuid in named}
    return {uuid: finding.severity.word for uuid, finding in gravest.items()}


def _cards(findings: Sequence[Finding], time: float) -> str:
    left = len(findings) - _CARDS
    more = f'<p class="calm">{left} more are not shown.</p>' if left > 0 else ""
    return "".join(_card(finding, time) for finding in findings[:_CARDS]) + more


def _card(finding: Finding, time: float) -> str:
    rule = finding.rule
    severity = finding.severity.word
    runbook = f' · <a href="/rules/{safe(rule.name, 64)}">What to do</a>' if find(rule.name) else ""
    technique = f" · {safe(rule.technique, 32)}" if rule.technique else ""
    allowed = f"<p><b>Permitted:</b> {safe(finding.allowed, 200)}</p>" if finding.allowed else ""
    return (
        f'<article class="finding {severity}"><p class="top"><span class="chip">{severity}</span>'
        f"<code>{safe(rule.name, 64)}</code>{technique}{runbook}"
        f'<span class="since">for {span(time - finding.opened)}, since {clock(finding.opened)}'
        f" · <code>{safe(finding.id, 32)}</code></span></p><h3>{safe(rule.title, 120)}</h3>"
        f'<p class="reason"><bdi>{safe(finding.reason, _REASON)}</bdi></p>{allowed}'
        f"{_subjects(finding)}{_facts(finding)}"
        f'<p class="benign"><b>Honest look-alikes:</b> {safe(rule.benign, 300)}</p></article>'
    )


def _subjects(finding: Finding) -> str:
    names = [f"<li><bdi>{safe(name, 96)}</bdi></li>" for name in finding.subjects[:_SUBJECTS]]
    left = len(finding.subjects) - _SUBJECTS
    if left > 0:
        names.append(f"<li>and {left} more</li>")
    return f'<ul class="subjects">{"".join(names)}</ul>' if names else ""


def _facts(finding: Finding) -> str:
    score = {"score": finding.score, "peak": finding.peak}
    pairs = [*score.items(), *finding.facts.items()]
    pairs = [(name, fact) for name, fact in pairs if not isinstance(fact, str) or fact][:_FACTS]
    shown = "".join(f"<div><dt>{safe(n, 48)}</dt><dd>{_fact(f)}</dd></div>" for n, f in pairs)
    return f'<dl class="facts">{shown}</dl>'


def _fact(fact: Fact) -> str:
    if isinstance(fact, str):
        return f"<bdi>{safe(fact, 120)}</bdi>"
    return worded(float(fact), 4) if math.isfinite(fact) else NOTHING
