"""Migrations are run once, recorded, and leave nothing when they fail."""

from __future__ import annotations

import sqlite3

import pytest

from aisec_daemon.journal import migrations
from aisec_daemon.journal.migrations import migrate


@pytest.fixture
def db():
    made = sqlite3.connect(":memory:", isolation_level=None)
    yield made
    made.close()


def names(db) -> list[str]:
    return [name for (name,) in db.execute("SELECT name FROM migration ORDER BY number")]


def test_each_is_run_once_and_recorded(db):
    for time in (1.0, 2.0):
        migrate(db, time)

    assert names(db) == [step.__name__ for step in migrations.MIGRATIONS]
    assert db.execute("SELECT min(time), max(time) FROM migration").fetchone() == (1.0, 1.0)


def test_a_later_one_goes_on_where_the_file_is(db, monkeypatch):
    migrate(db, 1.0)

    def notes(db):
        db.execute("ALTER TABLE finding ADD COLUMN note TEXT")

    monkeypatch.setattr(migrations, "MIGRATIONS", (*migrations.MIGRATIONS, notes))
    migrate(db, 2.0)

    assert names(db)[-1] == "notes"
    db.execute("SELECT note FROM finding")


def test_one_that_fails_leaves_nothing_of_itself(db, monkeypatch):
    migrate(db, 1.0)

    def faulty(db):
        db.execute("CREATE TABLE half (x)")
        db.execute("nonsense")

    monkeypatch.setattr(migrations, "MIGRATIONS", (*migrations.MIGRATIONS, faulty))
    with pytest.raises(sqlite3.OperationalError):
        migrate(db, 2.0)

    assert "faulty" not in names(db)
    with pytest.raises(sqlite3.OperationalError, match="half"):
        db.execute("SELECT * FROM half")


def test_a_newer_file_is_refused(db):
    migrate(db, 1.0)
    db.execute("INSERT INTO migration VALUES (99, 'later', 0)")
    with pytest.raises(OSError, match="newer"):
        migrate(db, 2.0)
