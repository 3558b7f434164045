"""The page for people in a real browser: it is drawn, and nothing hostile on it does anything."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from aisec_daemon.app.web import Site, WebServer
from aisec_daemon.app.web.recent import Recent
from aisec_daemon.app.web.sight import Sight
from aisec_daemon.model import Severity
from aisec_daemon.model.exposition import Page
from tests.app.web.landing.world import FINDING, gpu, program, take
from tests.daemon import ROOT, running
from tests.system.browser import dom, screenshot

pytestmark = pytest.mark.system

HOSTILE = (
    "<script>document.title='owned'</script>",
    '"><img src=x onerror="document.title=1">',
    "</bdi></td></table><h1 id=owned>owned</h1>",
    "\u202egnp.exe\u2066",
    "\x1b[31mred\x1b[0m",
    "javascript:alert(1)",
    "Z" + "\u0301" * 300,
    "<meta http-equiv=refresh content='0;url=http://127.0.0.1:1/'>",
)


def hostile_sight() -> Sight:
    recent = Recent()
    for second in range(0, 120, 2):
        rows = {
            f"GPU-{i}{text}": gpu(
                text,
                text,
                utilization_ratio=0.5,
                power_watts=float(second),
                power_limit_watts=200.0,
            )
            for i, text in enumerate(HOSTILE)
        }
        recent(take("gpu", float(second), rows))
    recent(take("gpu_process", 119.0, {text: program(text) for text in HOSTILE}))
    parts = {text: ({"age_seconds": 99.0}, {"part": text, "error": text}) for text in HOSTILE}
    recent(take("upkeep", 119.0, parts))
    findings = [
        replace(FINDING, reason=text, subjects=(text,), facts={text: text}, severity=severity)
        for text, severity in zip(HOSTILE, [*Severity, *Severity], strict=True)
    ]
    return Sight("1", HOSTILE[0], 119.0, findings, recent)


@contextmanager
def serving(sight: Sight) -> Iterator[str]:
    page = Page("0", list)
    site = Site(lambda: page, lambda: True, lambda: True, lambda: sight)
    server = WebServer("127.0.0.1:0", site, warn=print)
    server.start()
    try:
        yield f"http://{server.address}/"
    finally:
        server.stop()


def elements(html: str, tag: str) -> list[str]:
    return re.findall(rf"<{tag}\b[^>]*>", html)


def test_hostile_words_stay_words_in_a_browser(tmp_path):
    with serving(hostile_sight()) as url:
        html = dom(url, tmp_path)

    assert elements(html, "script") == elements(html, "img") == []
    assert len(elements(html, "h1")) == 1
    assert len(elements(html, "meta")) == 4
    assert 'id="owned"' not in html
    assert len(elements(html, "article")) == 2 * len(HOSTILE)
    assert len(elements(html, "tr")) == 1 + len(HOSTILE)
    assert len(elements(html, "polyline")) == 2 * len(HOSTILE)
    assert "\\u202egnp.exe\\u2066" in html
    assert "\\x1b[31mred" in html
    assert not {"\u202e", "\u2066", "\x1b"} & set(html)
    assert "<title>8 open" in html
    assert "owned</title>" not in html.replace("'owned'&lt;/script", "")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_is_drawn_in_light_and_dark(tmp_path, scheme):
    """Few colours on a plain ground: light if asked for light, dark if asked for dark."""
    with serving(hostile_sight()) as url:
        picture = screenshot(url, tmp_path, scheme=scheme)

    assert picture.shape[:2] == (1400, 1280)
    ground = picture[700, 4].mean()
    assert ground > 200 if scheme == "light" else ground < 40
    assert len({tuple(p) for p in picture[::7, ::7].reshape(-1, 3)}) > 20


def test_a_node_with_hostile_processes_is_shown(tmp_path):
    """The whole way, from /proc and the driver to the browser."""
    host = ROOT / "tests/hosts/hostile"
    arguments = ("--root", str(host))
    with running(tmp_path / "state", *arguments, world=host / "nvml.json") as daemon:
        daemon.wait(lambda: daemon.ready)
        daemon.wait(lambda: "Programs on GPUs" in daemon.get("/"))
        html = dom(f"http://{daemon.address}/", tmp_path)

    assert elements(html, "script") == []
    assert len(elements(html, "tr")) > 1
    assert all(c.isprintable() or c == "\n" for c in html)


def test_the_picture_in_the_docs_is_small():
    file = ROOT / "docs/landing.png"

    assert file.read_bytes().startswith(b"\x89PNG")
    assert file.stat().st_size < 300_000
    assert "landing.png" in Path(ROOT / "docs/web.md").read_text("utf-8")
