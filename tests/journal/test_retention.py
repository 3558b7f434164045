"""What is old or too much goes, a little at a time; what is open stays."""

from __future__ import annotations

import time

import pytest

from aisec_daemon.journal.kept import Entry
from aisec_daemon.journal.retention import prune, size_bytes
from aisec_daemon.journal.store import Store
from aisec_daemon.model import Evidence
from tests.journal.findings import change, finding

DAY = 86400.0


@pytest.fixture
def store(tmp_path):
    made, _ = Store.open(tmp_path / "journal.db", 0.0)
    yield made
    made.close()


def fill(store: Store, count: int, *, closed: bool = True, begin: int = 0, size: int = 0) -> None:
    """Write findings, one a day."""
    entries = []
    for at in range(begin, begin + count):
        found = finding(f"{at}")
        text = "".join(chr(33 + (at * 31 + i * i) % 8000) for i in range(size))
        proof = (Evidence("gpu", 0.0, ("a",), words={"name": (text,)}),)
        for what in ("opened", "closed")[: 1 + closed]:
            made = change(what, time=at * DAY, of=found)
            made = type(made)(made.time, made.what, made.finding, proof)
            entries.append(Entry(len(entries) + 2 * begin + 1, made, made))
    store.write(entries, None, {})


def count(store: Store, table: str) -> int:
    return store.db.execute(f"SELECT count(*) FROM {table}").fetchone()[0]


def run(store: Store, now: float, keep: float, size: int) -> int:
    turns = 1
    while prune(store.db, now, keep, size):
        turns += 1
        assert turns < 1000
    prune(store.db, now, keep, size)  # findings of which nothing is left
    return turns


def test_what_is_older_than_its_days_goes(store):
    fill(store, 100)
    run(store, 100 * DAY, 30 * DAY, 1 << 40)

    assert count(store, "change") == 60
    assert count(store, "finding") == 30


def test_an_open_finding_keeps_its_opening_however_old(store):
    fill(store, 5, closed=False)
    run(store, 1000 * DAY, DAY, 1)

    assert count(store, "finding") == count(store, "change") == 5


def test_when_it_grows_too_large_the_oldest_go_first(store):
    fill(store, 300, size=3000)
    before = size_bytes(store.db)
    run(store, 300 * DAY, 1e12, before // 2)
    (oldest,) = store.db.execute("SELECT min(time) FROM change").fetchone()

    assert size_bytes(store.db) <= before // 2
    assert oldest > 50 * DAY
    assert count(store, "change") > 50


def test_each_turn_is_short(store):
    fill(store, 2000)
    begun = time.process_time()
    assert prune(store.db, 4000 * DAY, DAY, 1 << 40)

    assert count(store, "change") == 4000 - 200
    assert time.process_time() - begun < 0.5


def test_notes_go_with_their_finding(store):
    fill(store, 2)
    store.db.execute(
        "INSERT INTO acknowledgement (finding, time, who, reason) VALUES ('0', 0, 'a', 'b')"
    )
    run(store, 100 * DAY, DAY, 1 << 40)

    assert count(store, "acknowledgement") == 0
