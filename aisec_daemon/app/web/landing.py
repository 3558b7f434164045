"""The page for people: version, links, and what is open."""

from __future__ import annotations

import base64
import hashlib
import math
from collections.abc import Sequence
from datetime import datetime, timezone
from html import escape

from aisec_daemon.model import Finding

_FINDINGS = 200
_LENGTH = 400  # characters of a reason

_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:64rem;margin:2rem auto;padding:0 1rem}"
    "table{border-collapse:collapse;width:100%}"
    "th,td{border-bottom:1px solid #ccc;padding:.4rem;text-align:left;vertical-align:top;"
    "white-space:nowrap}td:last-child{white-space:normal;overflow-wrap:anywhere}"
    "strong{background:#fd0;padding:.2rem .5rem}"
)
POLICY = (
    "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    f"style-src 'sha256-{base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()}'"
)
"""Content-Security-Policy: nothing but the page's own style."""


def landing(version: str, findings: Sequence[Finding], mark: str = "") -> bytes:
    """Return the page; every word of a finding is an attacker's, and escaped.

    `mark` names what is replayed, if this is no live node.
    """
    replayed = f"<p><strong>Replayed: {escape(mark)}</strong></p>" if mark else ""
    worst = sorted(findings, key=lambda f: (bool(f.allowed), -f.severity, f.opened))
    left = len(worst) - _FINDINGS
    body = _table(worst[:_FINDINGS]) if worst else "<p>No finding is open.</p>"
    more = f"<p>{left} more are not shown.</p>" if left > 0 else ""
    page = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>aisec-daemon</title>'
        f"<style>{_STYLE}</style></head><body><h1>aisec-daemon {escape(version)}</h1>"
        f'{replayed}<p><a href="/metrics">Metrics</a> · <a href="/-/healthy">Healthy</a> · '
        f'<a href="/-/ready">Ready</a></p><h2>Open findings</h2>{body}{more}</body></html>\n'
    )
    return page.encode("utf-8", "replace")


def _table(findings: Sequence[Finding]) -> str:
    heads = "".join(f"<th>{word}</th>" for word in ("Severity", "Rule", "Since", "Reason"))
    return f"<table><tr>{heads}</tr>{''.join(map(_row, findings))}</table>"


def _row(finding: Finding) -> str:
    reason = finding.reason
    if len(reason) > _LENGTH:
        reason = reason[: _LENGTH - 1] + "…"
    if finding.allowed:
        reason += f" (allowed: {finding.allowed})"
    cells = (finding.severity.word, finding.rule.name, _since(finding.opened), reason)
    return "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in cells) + "</tr>"


def _since(time: float) -> str:
    if not math.isfinite(time):
        return ""
    return datetime.fromtimestamp(time, timezone.utc).strftime("%Y-%m-%d %H:%M:%S UTC")
