"""What stands in a cell is what the node said, and nothing that a terminal obeys."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from aisec_daemon.cli import screen


def printed(*cells: str | None) -> str:
    table = screen.table("title", *("HEAD" for _ in cells))
    table.add_row(*map(screen.text, cells))
    out = io.StringIO()
    console = Console(
        file=out, force_terminal=True, width=400, markup=False, emoji=False, color_system=None
    )
    console.print(table)
    return out.getvalue()


@given(st.text(st.characters(), max_size=40))
def test_no_word_moves_the_terminal(word):
    lines = printed(word, "beside it").split("\n")

    assert all(line.isprintable() for line in lines)
    assert len([line for line in lines if "beside it" in line]) == 1


@pytest.mark.parametrize("word", ["[bold red]x[/]", ":warning:", "[/", "[link=http://x]y[/link]"])
def test_markup_in_a_word_is_not_obeyed(word):
    assert word in printed(word)


def test_what_was_not_read_is_never_shown_as_a_number():
    unread = float("nan")
    shown = (screen.gibibytes(unread), screen.percent(unread), screen.whole(unread))

    assert set(shown) == {screen.UNREAD}
    assert screen.text(None).plain == screen.UNREAD
    assert (screen.gibibytes(2**30 * 1.5), screen.percent(0.256), screen.whole(7.6)) == (
        *("1.5", "26 %", "8"),
    )
