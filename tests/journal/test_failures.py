"""Disks that are slow, full, damaged or not there: findings are told, losses counted and said."""

from __future__ import annotations

import resource
import sqlite3
import time
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from aisec_daemon.journal.families import LOST
from aisec_daemon.journal.journal import Journal
from aisec_daemon.journal.limits import Limits
from aisec_daemon.journal.opening import open_readable
from aisec_daemon.journal.store import Store
from aisec_daemon.model import Evidence
from aisec_daemon.model.exposition import Board
from tests.journal.findings import change, finding, tick

NOW = 1.8e9
LOGS = ("-wal", "-shm")
EVIDENCE = (Evidence("gpu", NOW, ("a",), words={"name": ("".join(map(chr, range(33, 9000))),)}),)


def opened(name: str, at: float = NOW):
    found = change("opened", time=at, of=finding(name))
    return type(found)(found.time, found.what, found.finding, EVIDENCE)


def told(journal: Journal) -> list[str]:
    return [c.finding.id for _, c in journal.pending("r", 10_000)]


def rows(folder: Path) -> list[str]:
    with closing(open_readable(folder / "journal.db")) as db:
        return [name for (name,) in db.execute("SELECT finding FROM change ORDER BY seq")]


def failure(journal: Journal, *changes) -> str:
    """Return what the journal says when it is given changes; nothing if all is well."""
    try:
        journal(tick(*changes))
    except OSError as failed:
        return str(failed)
    return ""


def until(condition, seconds: float = 10.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not come to pass"
        time.sleep(0.02)


@contextmanager
def full_disk(limit_bytes: int):
    """No file may grow beyond this: writing fails as it does where no space is left."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit_bytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_on_a_full_disk_all_is_told_and_written_once_there_is_room(tmp_path):
    journal = Journal(tmp_path, NOW)
    journal.pending("r", 0)
    names = [f"{at}" for at in range(60)]
    with full_disk(300_000):
        failures = {failure(journal, opened(name)) for name in names}
        until(lambda: failure(journal).startswith("the journal is not kept: "))
        assert told(journal) == names
        assert len(rows(tmp_path)) < len(names)
    assert all(said.startswith("the journal is not kept: ") for said in failures - {""})
    until(lambda: rows(tmp_path) == names, 40)
    journal(tick())
    journal.close()


def test_what_finds_no_room_to_wait_is_told_and_counted_as_lost(tmp_path):
    board = Board()
    journal = Journal(tmp_path, NOW, Limits(waiting_max=5), board, opener=_broken())
    journal.pending("r", 0)
    for at in range(9):
        with pytest.raises(OSError, match="no space"):
            journal(tick(change("opened", of=finding(f"{at}"))))

    assert told(journal) == [f"{at}" for at in range(9)]
    (chunk,) = (c for c in board.chunks({}) if LOST.name in str(c))
    assert "4.0" in str(chunk)
    with pytest.raises(OSError, match="5 changes of findings could not be written"):
        journal.close()


def _broken():
    """Return how a file is opened on a disk that takes nothing any more."""

    class Broken(Store):
        def write(self, entries, kept, cursors):
            if entries:
                raise sqlite3.OperationalError("no space")
            super().write(entries, kept, cursors)

    return lambda file, now: (Broken(Store.open(file, now)[0].db), "")


def test_a_slow_disk_delays_the_loop_once_and_then_not_at_all(tmp_path):
    class Slow(Store):
        def write(self, entries, kept, cursors):
            time.sleep(1.5 if entries else 0)
            super().write(entries, kept, cursors)

    journal = Journal(tmp_path, NOW, opener=lambda f, n: (Slow(Store.open(f, n)[0].db), ""))
    journal.pending("r", 0)
    took = []
    for at in range(4):
        begun = time.monotonic()
        journal(tick(change("opened", time=NOW + at, of=finding(f"{at}")), time=NOW + at))
        took.append(time.monotonic() - begun)
        if at == 1:
            assert told(journal) == []  # not on the disk, and not yet overdue
    assert took[0] < 1.0
    assert sum(took[1:]) < 0.6
    assert told(journal) == ["0", "1", "2", "3"]  # two seconds are over: told all the same
    until(lambda: len(rows(tmp_path)) == 4)
    journal.close()


def set_aside(folder: Path) -> Path:
    """Return the one damaged file; its log lies beside it under the same name."""
    (aside,) = (f for f in folder.glob("journal.db.damaged-*") if f.name[-4:] not in LOGS)
    return aside


def written(folder: Path, count: int = 40) -> Path:
    journal = Journal(folder, NOW)
    for at in range(count):
        journal(tick(opened(f"{at}")))
    journal.close()
    return folder / "journal.db"


def test_a_damaged_page_is_found_set_aside_and_what_is_open_lives_on(tmp_path):
    file = written(tmp_path)
    content = bytearray(file.read_bytes())
    with closing(sqlite3.connect(file)) as db:
        (page,) = db.execute(
            "SELECT rootpage FROM sqlite_master WHERE name = 'change_time'"
        ).fetchone()
    content[(page - 1) * 4096 : page * 4096] = bytes(range(256)) * 16
    file.write_bytes(content)
    journal = Journal(tmp_path, NOW + 60)
    aside = set_aside(tmp_path)

    assert len(journal.wrong) == 1
    assert "is damaged" in journal.wrong[0]
    assert aside.name in journal.wrong[0]
    assert aside.read_bytes() == bytes(content)
    assert sorted(c.finding.id for c in journal.kept.cases) == sorted(f"{at}" for at in range(40))
    assert all(case.told for case in journal.kept.cases)
    journal(tick(change("opened", of=finding("new"))))
    journal.close()
    assert rows(tmp_path) == ["new"]


@pytest.mark.parametrize(
    "content", [b"not a database at all" * 500, b"SQLite format 3\0" + b"\xff" * 9000]
)
def test_a_file_of_something_else_is_set_aside(tmp_path, content):
    (tmp_path / "journal.db").write_bytes(content)
    journal = Journal(tmp_path, NOW)
    journal(tick(change("opened")))
    journal.close()

    assert "is damaged" in journal.wrong[0]
    assert set_aside(tmp_path).read_bytes() == content
    assert rows(tmp_path) == ["a"]


def test_damage_that_shows_while_it_runs_costs_no_open_finding(tmp_path):
    stores = []

    class Damaged(Store):
        def write(self, entries, kept, cursors):
            if stores[0] is self and len(stores[0].writes) == 1:
                raise sqlite3.DatabaseError("database disk image is malformed")
            self.writes += entries
            super().write(entries, kept, cursors)

    def opener(file, now):
        if stores:
            file.write_bytes(b"\xff" * 8192)
        store, wrong = Store.open(file, now)
        stores.append(Damaged(store.db))
        stores[-1].writes = []
        return stores[-1], wrong

    journal = Journal(tmp_path, NOW, opener=opener)
    journal(tick(opened("before")))
    with pytest.raises(OSError, match="malformed"):
        journal(tick(opened("after")))
    until(lambda: not len(journal._waiting))
    assert rows(tmp_path) == ["after"]
    assert set_aside(tmp_path).read_bytes() == b"\xff" * 8192
    journal.close()
    again = Journal(tmp_path, NOW + 9)

    assert sorted(case.finding.id for case in again.kept.cases) == ["after", "before"]
    again.close()


def test_where_nothing_can_be_written_findings_are_told_and_it_is_said(tmp_path):
    (tmp_path / "journal.db").mkdir()
    journal = Journal(tmp_path, NOW)
    journal.pending("r", 0)
    with pytest.raises(OSError, match="not kept"):
        journal(tick(change("opened")))

    assert "cannot be written" in journal.wrong[0]
    assert told(journal) == ["a"]
    with pytest.raises(OSError, match="1 changes"):
        journal.close()


def test_a_change_that_cannot_be_written_at_all_blocks_no_other(tmp_path, caplog):
    journal = Journal(tmp_path, NOW)
    journal(tick(change("opened", of=finding("bad", facts={"x": object()})), opened("good")))
    journal.close()

    assert rows(tmp_path) == ["good"]
    assert "cannot hold" in caplog.text


def test_a_journal_of_a_newer_version_is_left_alone(tmp_path):
    file = written(tmp_path, 1)
    with closing(sqlite3.connect(file)) as db:
        db.execute("INSERT INTO migration VALUES (99, 'later', 0)")
        db.commit()
    journal = Journal(tmp_path, NOW)

    assert "newer version" in journal.wrong[0]
    assert [case.finding.id for case in journal.kept.cases] == ["0"]
    journal.close()
    assert rows(tmp_path) == ["0"]
