"""What outlives a restart: memories, cases, the key, and what older versions left."""

from __future__ import annotations

from typing import ClassVar

import orjson
import pytest

from aisec_daemon.app.state import StateDir, keep, restore
from aisec_daemon.journal.kept import Kept
from aisec_daemon.journal.store import Store
from aisec_daemon.model import StateShape, Status
from tests.pipeline.test_pipeline import Count, pipeline, play


@pytest.fixture
def saved(tmp_path):
    """Return what a journal gives back of a pipeline."""

    def through(pipe) -> Kept:
        store, wrong = Store.open(tmp_path / "journal.db", 0.0)
        store.write([], keep(pipe, 1.0), {})
        store.close()
        store, _ = Store.open(tmp_path / "journal.db", 0.0)
        kept, lost = store.read(2.0)
        store.close()
        assert (wrong, lost) == ("", [])
        return kept

    return through


def test_a_restart_in_the_middle_changes_nothing(saved):
    uninterrupted = play(pipeline(), range(12))
    first, second = pipeline(), pipeline()
    told = play(first, range(4))
    assert restore(saved(first), second) == ""
    told += play(second, range(4, 12))

    assert told == uninterrupted
    assert [f.id for f in second.casebook.open] == [name for _, _, name in uninterrupted]


def test_an_open_case_lives_on_with_its_id_and_times(saved):
    first, second = pipeline(), pipeline()
    play(first, range(8))
    restore(saved(first), second)
    (before,), (after,) = first.casebook.open, second.casebook.open

    assert (after.id, after.since, after.opened, after.rule) == (
        before.id,
        before.since,
        before.opened,
        before.rule,
    )


def test_memory_of_another_version_is_forgotten_and_said(saved):
    first = pipeline()
    play(first, range(4))

    class Newer(Count):
        memory: ClassVar = StateShape(2, ("times",))

    second = pipeline(Newer())
    assert "count (version 1, now 2)" in restore(saved(first), second)
    assert second.states["count"].keys == ()


def test_the_key_of_hashes_is_kept_and_is_for_its_owner_only(tmp_path):
    kept = StateDir(tmp_path / "new")

    assert kept.key() == kept.key() != StateDir(tmp_path / "other").key()
    assert (tmp_path / "new" / "hash.key").stat().st_mode & 0o077 == 0


def old_file(tmp_path) -> None:
    """Write what the last version without a journal would have left of an open finding."""
    pipe = pipeline()
    play(pipe, range(8))
    (case,), state = pipe.casebook.cases, pipe.states["count"]
    plain = {name: getattr(case.finding, name) for name in case.finding.__dataclass_fields__}
    plain["rule"] = "count"
    content = {
        "version": 1,
        "states": {"count": {"version": 1, "keys": state.keys, "values": state.values.tolist()}},
        "cases": [{"finding": plain, "calm_since": None}],
    }
    (tmp_path / "state.json").write_bytes(orjson.dumps(content, option=orjson.OPT_SERIALIZE_NUMPY))


def test_what_a_version_without_a_journal_left_is_taken_over(tmp_path):
    old_file(tmp_path)
    folder, pipe, other = StateDir(tmp_path), pipeline(), pipeline()
    play(other, range(8))
    old, wrong = folder.old()
    assert restore(old, pipe) == ""
    folder.retire_old()

    assert wrong == ""
    assert pipe.casebook.open == other.casebook.open
    assert pipe.states["count"].keys == other.states["count"].keys
    assert (old.cases[0].told, old.cases[0].finding.status) == (True, Status.OPEN)
    assert folder.old() == (None, "")
    assert (tmp_path / "state.json.imported").exists()


def test_a_damaged_old_file_is_set_aside_and_said(tmp_path):
    folder = StateDir(tmp_path)
    (tmp_path / "state.json").write_bytes(b'{"version": 1, "states"')

    assert "set aside" in folder.old()[1]
    assert (tmp_path / "state.json.damaged").read_bytes() == b'{"version": 1, "states"'
    assert folder.old() == (None, "")


def test_a_key_that_was_cut_short_is_made_anew(tmp_path):
    kept = StateDir(tmp_path)
    before = kept.key()
    (tmp_path / "hash.key").write_bytes(before[:7])
    with pytest.raises(OSError, match="not a key"):
        kept.kept_key()

    assert len(kept.key()) == 32
    assert kept.key() == kept.kept_key() != before
