"""The page for people."""

from __future__ import annotations

from dataclasses import replace
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aisec_daemon.app.web.landing import POLICY, landing
from aisec_daemon.app.web.recent import Recent
from aisec_daemon.app.web.sight import Sight
from aisec_daemon.model import Finding, Severity
from tests.app.web.landing.world import FINDING, RULE, gpu, program, take

HOSTILE = st.text(st.characters(), min_size=1, max_size=300) | st.sampled_from(
    [
        "<script>alert(1)</script>",
        '"><img src=x onerror=alert(1)>',
        "</style></svg></body>",
        "\x1b[2J\x1b]0;x\x07",
        "\u202eexe.gpj",
        "a" + "\u0301" * 200,
        "\ud800",
        "&lt;&amp;",
        "x" * 65536,
    ]
)


class Tags(HTMLParser):
    """Notes tags and attributes as a browser would see them."""

    def __init__(self, page: bytes) -> None:
        super().__init__()
        self.found: list[str] = []
        self.names: set[str] = set()
        self.feed(page.decode())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append(tag)
        self.names |= {name for name, _ in attrs}


def sight(*findings: Finding, recent: Recent | None = None, **changes: str) -> Sight:
    return replace(Sight("1.2", "node1", 100.0, findings, recent or Recent()), **changes)


def test_it_says_what_is_open() -> None:
    """The worst first, those that are permitted last and folded away."""
    page = landing(
        sight(
            replace(FINDING, reason="Fine.", allowed="burn-in", severity=Severity.CRITICAL),
            FINDING,
            replace(FINDING, reason="Worse.", severity=Severity.CRITICAL),
        )
    ).decode()

    assert "aisec-daemon 1.2" in page
    assert "<h1>node1</h1>" in page
    assert "2 open" in page
    assert page.index("Worse.") < page.index("Because.") < page.index("<details>")
    assert page.index("<details>") < page.index("Fine.") < page.index("burn-in")
    assert "1970-01-01 00:00:02 UTC" in page


def test_a_finding_comes_with_all_that_is_needed_at_night() -> None:
    page = landing(sight(replace(FINDING, facts={"silent_seconds": 36.0, "call": "x"}))).decode()

    for text in ("Cannot see", "T1562.001", "An upgrade.", "for 1 min", "silent_seconds", ">36<"):
        assert text in page
    assert 'href="/rules/blind"' in page


def test_a_rule_without_a_runbook_links_nowhere() -> None:
    page = landing(sight(replace(FINDING, rule=replace(RULE, name="unknown")))).decode()

    assert "/rules/" not in page


def test_it_says_that_nothing_is_open() -> None:
    """An empty page would leave doubt."""
    page = landing(sight())

    assert b"No finding is open." in page
    assert b"all quiet" in page
    assert b"No GPU has been read yet." in page


@given(HOSTILE)
def test_no_word_becomes_markup(word: str) -> None:
    """Reasons, subjects, names and errors are attackers' text: none adds a tag or an attribute."""
    pages = []
    for text in ("plain", word):
        recent = Recent()
        recent(take("gpu", 100.0, {"u": ({"power_watts": 3.0}, {"index": text, "name": text})}))
        recent(take("gpu_process", 100.0, {"p": program(text)}))
        recent(take("upkeep", 100.0, {"q": ({"age_seconds": 99.0}, {"part": "q", "error": text})}))
        told = replace(FINDING, reason=text, subjects=(text,), facts={"a": text}, allowed=text)
        pages.append(landing(sight(told, recent=recent, node=text, mark=text)))
    honest, found = map(Tags, pages)

    assert [t for t in found.found if t != "bdi"] == [t for t in honest.found if t != "bdi"]
    assert found.names == honest.names
    assert all(c.isprintable() or c == "\n" for c in pages[1].decode())
    assert len(pages[1]) < len(pages[0]) + 12 * 9 * 600


def test_it_is_bounded() -> None:
    """What is not shown is counted."""
    recent = Recent()
    recent(take("gpu", 100.0, {f"u{i}": gpu() for i in range(300)}))
    recent(take("gpu_process", 100.0, {f"p{i}": program("x") for i in range(300)}))
    many = replace(FINDING, reason="x" * 9999, subjects=tuple(map(str, range(500))))
    page = landing(sight(*[many] * 250, recent=recent)).decode()

    assert page.count('class="finding ') == 100
    assert page.count('class="gpu"') == 64
    assert page.count("<tr>") == 26
    for text in ("150 more are not shown.", "and 492 more", "64 more are not drawn.", "275 more"):
        assert text in page
    assert len(page) < 400_000


def test_nothing_but_its_own_style_may_load() -> None:
    """The policy names the style by its hash; there is no script, and no attribute that styles."""
    recent = Recent()
    recent(take("gpu", 100.0, {"u": gpu(utilization_ratio=0.5)}))
    page = landing(sight(FINDING, recent=recent))
    tags = Tags(page)

    assert "script" not in tags.found
    assert "link" not in tags.found
    assert not {"style", "src", "onload", "srcset"} & tags.names
    assert b"http" not in page.replace(b"http-equiv", b"")
    assert POLICY.startswith("default-src 'none'")
    assert "style-src 'sha256-" in POLICY
    assert "unsafe" not in POLICY


def test_it_is_drawn_anew_without_a_script() -> None:
    assert b'<meta http-equiv="refresh" content="5">' in landing(sight())


@pytest.mark.parametrize(("mark", "there"), [("<demo>", True), ("", False)])
def test_what_is_replayed_is_said_and_escaped(mark: str, there: bool) -> None:
    """A page of a recording must not be taken for the page of a node."""
    page = landing(sight(mark=mark))

    assert (b"Replayed: &lt;demo&gt;" in page) == there
    assert (b"Replayed" in page) == there
