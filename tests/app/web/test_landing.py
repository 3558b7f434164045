"""The page for people."""

from dataclasses import replace
from html.parser import HTMLParser

from hypothesis import given
from hypothesis import strategies as st

from aisec_daemon.app.web.landing import POLICY, landing
from aisec_daemon.model import Finding, Rule, Severity, Status

RULE = Rule("mining", "Mining", Severity.HIGH, "None.")
FINDING = Finding(
    "1", RULE, "k", Status.OPEN, Severity.HIGH, ("s",), 1.5, 2.0, 1.0, 2.0, float("nan"), "Because."
)


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.found.append(tag)

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def parse(page: bytes) -> Tags:
    tags = Tags()
    tags.feed(page.decode())
    return tags


def test_it_says_what_is_open() -> None:
    """The worst first, those that are allowed last."""
    page = landing(
        "1.2",
        [
            replace(FINDING, reason="Fine.", allowed="burn-in", severity=Severity.CRITICAL),
            FINDING,
            replace(FINDING, reason="Worse.", severity=Severity.CRITICAL),
        ],
    ).decode()

    assert "aisec-daemon 1.2" in page
    assert page.index("Worse.") < page.index("Because.") < page.index("Fine. (allowed: burn-in)")
    assert "1970-01-01 00:00:02 UTC" in page


def test_it_says_that_nothing_is_open() -> None:
    """An empty table would leave doubt."""
    assert b"No finding is open." in landing("1", [])


@given(st.text(st.characters(), max_size=600))
def test_no_word_becomes_markup(word: str) -> None:
    """A reason is an attacker's text: it adds no tag, and its cell ends where it should."""
    honest = parse(landing("1", [FINDING]))
    found = parse(landing("1", [replace(FINDING, reason=word, allowed=word)]))

    assert found.found == honest.found


def test_it_is_bounded() -> None:
    """What is not shown is counted."""
    page = landing("1", [replace(FINDING, reason="x" * 9999)] * 250).decode()

    assert page.count("<tr>") == 201
    assert "50 more are not shown." in page
    assert len(page) < 200 * 700


def test_nothing_but_its_own_style_may_load() -> None:
    """The policy names the style by its hash; there is no script."""
    page = parse(landing("1", [FINDING]))

    assert "script" not in page.found
    assert POLICY.startswith("default-src 'none'")
    assert "style-src 'sha256-" in POLICY
    assert "unsafe" not in POLICY


def test_what_is_replayed_is_said_and_escaped() -> None:
    """A page of a recording must not be taken for the page of a node."""
    assert b"Replayed: &lt;demo&gt;" in landing("1", [], "<demo>")
    assert b"Replayed" not in landing("1", [])
