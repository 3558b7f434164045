"""The page for people: what is open, how the GPUs do, who is on them, and how the monitor does.

One file of HTML with its own style and nothing else: no script, no picture, no font from anywhere.
Every word on it may be an attacker's; `words.py` is the one way in.
"""

from __future__ import annotations

import base64
import hashlib
from importlib.resources import files

from aisec_daemon.app.web.landing.findings import findings_section, tones
from aisec_daemon.app.web.landing.gpus import gpus_section
from aisec_daemon.app.web.landing.programs import programs_section
from aisec_daemon.app.web.landing.upkeep import upkeep_section
from aisec_daemon.app.web.landing.words import clock, safe
from aisec_daemon.app.web.sight import Sight

REFRESH_SECONDS = 5

_STYLE = (files(__package__) / "style.css").read_text(encoding="utf-8")
POLICY = (
    "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    f"style-src 'sha256-{base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()}'"
)
"""Content-Security-Policy: nothing but the page's own style."""


def landing(sight: Sight) -> bytes:
    """Return the page."""
    told = [finding for finding in sight.findings if not finding.allowed]
    courses = sight.recent.courses()
    about = tones(sight.findings, [course.uuid for course in courses])
    body = (
        _header(sight, len(told))
        + "<main>"
        + findings_section(sight.findings, sight.time)
        + gpus_section(courses, sight.time, about)
        + programs_section(sight.recent.latest("gpu_process"), sight.recent.latest("gpu"))
        + upkeep_section(sight.recent.latest("upkeep"))
        + "</main>"
        + _footer()
    )
    title = f"{len(told)} open · {safe(sight.node, 64)}" if told else safe(sight.node, 64)
    page = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        '<meta name="color-scheme" content="light dark">'
        f'<meta http-equiv="refresh" content="{REFRESH_SECONDS}">'
        f"<title>{title} · aisec-daemon</title><style>{_STYLE}</style></head>"
        f"<body>{body}</body></html>\n"
    )
    return page.encode("utf-8", "replace")


def _header(sight: Sight, told: int) -> str:
    pill = f'<p class="pill bad">{told} open</p>' if told else '<p class="pill good">all quiet</p>'
    replayed = (
        f'<p class="banner" role="note"><strong>Replayed: {safe(sight.mark, 80)}.</strong> '
        "This is a recording; nobody watches this machine.</p>"
        if sight.mark
        else ""
    )
    return (
        f'<header><div><h1>{safe(sight.node, 64)}</h1><p class="sub">aisec-daemon '
        f"{safe(sight.version, 32)} · {clock(sight.time)}</p></div>{pill}</header>{replayed}"
    )


def _footer() -> str:
    links = (("/metrics", "Metrics"), ("/-/healthy", "Healthy"), ("/-/ready", "Ready"))
    anchors = " · ".join(f'<a href="{path}">{word}</a>' for path, word in links)
    return f"<footer>{anchors} · drawn anew every {REFRESH_SECONDS} s</footer>"
