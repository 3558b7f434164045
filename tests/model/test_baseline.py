"""Baselines: rows of today against approved ones."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from aisec_daemon.model import Label, Snapshot, Table
from aisec_daemon.model.baseline import difference

TABLE = Table(
    "thing",
    "Things.",
    columns=(),
    labels=(Label("what", "what it is"), Label("parts", "what it is made of")),
    series=("what",),
    kept=True,
    identity="what",
    compared=("parts",),
)


def rows(*pairs) -> Snapshot:
    things = {
        f"s{at}": ({}, {"what": what, "parts": parts}) for at, (what, parts) in enumerate(pairs)
    }
    return Snapshot.from_rows(TABLE, 1.0, things)


def test_new_changed_and_gone():
    found = difference(
        rows(("a", "x 1, y 2"), ("b", "x 1"), ("d", "")),
        rows(("a", "x 1"), ("b", "x 1"), ("c", "")),
    )

    assert (found.new, found.changed, found.gone) == ((2,), {0: {"parts": "y 2"}}, (2,))


def test_what_is_no_longer_part_of_it_is_no_change_but_another_version_is():
    found = difference(rows(("a", "x 1"), ("b", "x 2")), rows(("a", "x 1, y 2"), ("b", "x 1")))

    assert found.changed == {1: {"parts": "x 2"}}


def test_several_rows_that_are_the_same_thing_are_approved_together():
    found = difference(rows(("a", "y"), ("a", "x, y")), rows(("a", "x"), ("a", "y")))

    assert not found.changed
    assert not found.gone


def test_unread_words_accuse_nobody():
    unnamed = difference(rows((None, "x")), rows(("a", "x")))
    unread = difference(rows(("a", None), ("b", "x")), rows(("a", "x"), ("b", None)))

    assert (unnamed.new, unnamed.gone, unnamed.unknown) == ((), (), (0,))
    assert (unread.new, unread.changed, unread.gone) == ((), {}, ())


things = st.lists(
    st.tuples(st.sampled_from(["a", "b", "c", None]), st.sampled_from(["", "x", "x, y", None]))
)


@given(things, things)
def test_what_is_approved_as_it_is_differs_in_nothing(now, before):
    same = difference(rows(*now), rows(*now))
    other = difference(rows(*now), rows(*before))

    assert (same.new, same.changed, same.gone) == ((), {}, ())
    assert {*other.new, *other.changed, *other.unknown} <= set(range(len(now)))
    assert set(other.gone) <= set(range(len(before)))
    assert {now[row][0] for row in other.new}.isdisjoint(what for what, _ in before)
