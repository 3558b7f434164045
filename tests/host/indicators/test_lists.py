"""Lists of indicators: ours, and an operator's with its mistakes."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aisec_daemon.host.indicators.lists import IndicatorsError, builtin, parse, read

SOURCES = '[sources]\nus = "seen here"\n'


def test_ours_can_be_used():
    lists = builtin()

    assert lists.names["xmrig"] is False
    assert lists.names["miner"] is True
    assert len(lists.arguments) > 15
    assert "nanopool.org" in lists.pools
    assert "grep" in lists.readers


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "[[argument]]\nid = 'x'\nsource = 'us'\npattern = 'a'\nhints = ['A']\n",
            "argument x: hints: give words in lower case",
        ),
        (
            "[[argument]]\nid = 'x'\nsource = 'us'\npattern = 'a'\nstrength = 'big'\n",
            "argument x: strength: give strong or weak or common",
        ),
        ("[[name", "no TOML"),
        ("[[nme]]\nname = 'x'\n", "nme: there are"),
        ("name = 3\n", r"name: write \[\[name\]\]"),
        ("name = [3]\n", r"name 1: write \[\[name\]\]"),
        ("[[name]]\nname = 'x'\n", r"name 1 \(x\): source: not in"),
        ("[[name]]\nname = 'a b'\nsource = 'us'\n", "name 1: name: give letters"),
        ("[[name]]\nsource = 'us'\n", "name 1: name: give letters"),
        ("[[name]]\nname = 'x'\nsource = 'us'\ngenric = true\n", "name 1: genric: no such key"),
        ("[[name]]\nname = 'x'\nsource = 'us'\ngeneric = 1\n", "generic: is no bool"),
        ("[[argument]]\nid = 'x'\nsource = 'us'\n", "argument x: pattern: give"),
        ("[[argument]]\nid = 'x'\nsource = 'us'\npattern = '('\n", "argument x: pattern: "),
        ("[[argument]]\nid = 'x'\nsource = 'us'\npattern = 'a*'\n", "matches every program"),
        ("[[pool]]\nhost = 3\nsource = 'us'\n", "pool 1: host: is no str"),
    ],
)
def test_a_mistake_is_named_with_its_entry(text, message):
    with pytest.raises(IndicatorsError, match=message):
        parse(text + SOURCES if text.startswith("name") else SOURCES + text)


def test_a_file_that_cannot_be_read_is_named(tmp_path):
    with pytest.raises(IndicatorsError, match=r"absent\.toml: No such file"):
        read(tmp_path / "absent.toml")
    (tmp_path / "x.toml").write_bytes(b"\xff")
    with pytest.raises(IndicatorsError, match=r"x\.toml: "):
        read(tmp_path / "x.toml")


def test_an_operators_word_replaces_ours():
    """To silence a pattern that bites at one site, or to make a name count less."""
    text = f"{SOURCES}[[name]]\nname = 'xmrig'\nsource = 'us'\ngeneric = true\n"
    text += "[[argument]]\nid = 'algorithm'\nsource = 'us'\npattern = 'never'\n"
    both = builtin().with_more(parse(text))

    assert both.names["xmrig"] is True
    assert [a.pattern.pattern for a in both.arguments if a.id == "algorithm"] == ["never"]
    assert len(both.arguments) == len(builtin().arguments)


@given(st.text(max_size=100))
def test_anything_is_a_list_or_refused_in_words(text):
    with suppress(IndicatorsError):
        assert parse(text).names == {}


def test_the_example_in_the_documentation_can_be_used():
    page = (Path(__file__).parents[3] / "docs/marks.md").read_text("utf-8")
    blocks = [line[4:] for line in page.splitlines() if line.startswith("    ") or not line]
    lists = parse("\n".join(blocks).partition("[sources]")[2].join(["[sources]", ""]))

    assert lists.names == {"foominer": False}
    assert lists.arguments[0].pattern.search("--our-pool=x")
    assert (lists.files, lists.readers) == ({"foominer.json"}, {"our-search"})
