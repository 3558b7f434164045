"""Transactions: whole or not there, synced where people are told of them."""

from __future__ import annotations

import pytest

from aisec_daemon.journal.kept import Entry, Kept, KeptCase
from aisec_daemon.journal.store import Store
from tests.journal.findings import change, finding


@pytest.fixture
def store(tmp_path):
    made, wrong = Store.open(tmp_path / "journal.db", 0.0)
    assert wrong == ""
    yield made
    made.close()


def entry(seq: int, name: str = "a", what: str = "opened", **more) -> Entry:
    made = change(what, of=finding(name, **more))
    return Entry(seq, made, made)


def count(store: Store, table: str) -> int:
    return store.db.execute(f"SELECT count(*) FROM {table}").fetchone()[0]


def synchronous(store: Store) -> int:
    return store.db.execute("PRAGMA synchronous").fetchone()[0]


def test_what_people_are_told_of_is_synced_and_the_rest_is_not(store):
    store.write([entry(1)], None, {})
    assert synchronous(store) == 2  # FULL
    store.write([], Kept(0.0), {"r": 1})
    assert synchronous(store) == 1  # NORMAL


def test_a_transaction_is_whole_or_not_there(store):
    store.write([entry(1)], None, {"r": 1})
    with pytest.raises(Exception, match="object"):
        store.write([entry(2, "b"), entry(3, "c", facts={"x": object()})], None, {"r": 3})

    assert (count(store, "change"), count(store, "finding")) == (1, 1)
    assert store.cursors() == {"r": 1}
    store.write([entry(2, "b")], None, {})


def test_a_change_and_how_the_finding_stands_are_one(store):
    store.write([entry(1)], None, {})
    store.write([entry(2, what="closed")], None, {})
    rows = store.db.execute("SELECT status, told FROM finding").fetchall()

    assert rows == [("closed", 0)]
    assert store.last() == 2


def test_cursors_never_go_back(store):
    store.write([], None, {"a\n\ud800": 7})
    store.write([], None, {"a\n\ud800": 5})

    assert store.cursors() == {"a\n\ud800": 7}


def test_what_is_no_longer_among_the_cases_is_no_longer_open(store):
    store.write([entry(1), entry(2, "b")], None, {})
    store.write([], Kept(9.0, cases=(KeptCase(finding("b"), told=True),)), {})
    kept, lost = store.read(10.0)

    assert ([case.finding.id for case in kept.cases], lost) == (["b"], [])


def test_the_order_of_cases_is_that_of_their_beginning(store):
    cases = [KeptCase(finding(name, since=at)) for at, name in enumerate("dbca")]
    for _ in range(2):
        store.write([], Kept(9.0, cases=tuple(cases)), {})
    store.write([entry(1, "b", since=1.0)], None, {})

    assert [case.finding.id for case in store.read(9.0)[0].cases] == ["d", "b", "c", "a"]


def test_damaged_rows_are_left_out_and_said(store):
    store.write([entry(1), entry(2, "b")], None, {})
    store.remember("detector/drift", 1, b"\xff\xff\xff\xff", 0.0)
    store.db.execute("UPDATE finding SET body = '{' WHERE id = 'a'")
    kept, lost = store.read(9.0)

    assert [case.finding.id for case in kept.cases] == ["b"]
    assert lost == ["finding a is damaged", "what drift remembered is damaged"]
