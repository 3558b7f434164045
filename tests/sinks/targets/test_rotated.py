"""A file of JSON lines: whole lines, rotation, and disks and people that interfere."""

from __future__ import annotations

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aisec_daemon.model.ocsf import Source
from aisec_daemon.sinks.targets.rotated import Rotated
from tests.journal.findings import change, finding
from tests.journal.test_failures import full_disk

SOURCE = Source("node", "1")


@pytest.fixture
def path(tmp_path):
    return tmp_path / "events.jsonl"


@pytest.fixture
def target(path):
    made = Rotated(path, SOURCE, 1 << 20, 2)
    yield made
    made.close()


def sequence(file) -> list[int]:
    return [json.loads(line)["metadata"]["sequence"] for line in file.read_text().splitlines()]


def test_a_line_for_each_change(target, path):
    for seq, what in enumerate(["opened", "changed", "closed"]):
        target.send(seq, change(what))

    assert sequence(path) == [0, 1, 2]
    assert path.stat().st_mode & 0o007 == 0


def test_a_full_file_is_rotated_and_the_oldest_falls_off(path):
    target = Rotated(path, SOURCE, 2500, 2)
    for seq in range(9):
        target.send(seq, change("opened"))
    target.close()
    files = [sequence(path.with_name(path.name + end)) for end in (".2", ".1", "")]
    together = [seq for each in files for seq in each]

    assert together == list(range(together[0], 9))
    assert all(files)
    assert not path.with_name(path.name + ".3").exists()
    assert path.stat().st_size <= 2500


def test_none_need_be_kept(path):
    target = Rotated(path, SOURCE, 2500, 0)
    for seq in range(9):
        target.send(seq, change("opened"))
    target.close()

    assert sequence(path)[-1] == 8
    assert list(path.parent.iterdir()) == [path]


def test_a_file_that_was_moved_away_is_made_anew(target, path):
    target.send(1, change("opened"))
    path.rename(path.with_name("moved"))
    target.send(2, change("opened"))

    assert (sequence(path.with_name("moved")), sequence(path)) == ([1], [2])


def test_a_line_that_a_crash_cut_off_spoils_no_other(target, path):
    path.write_text('{"half": ')
    target.send(1, change("opened"))
    first, second = path.read_text().splitlines()

    assert first == '{"half": '
    assert json.loads(second)["metadata"]["sequence"] == 1


def test_on_a_full_disk_a_line_is_whole_or_not_there(target, path):
    target.send(1, change("opened"))
    size = path.stat().st_size
    with full_disk(size + 100), pytest.raises(OSError, match=r"space|large"):
        target.send(2, change("opened"))
    assert path.stat().st_size == size
    target.send(2, change("opened"))

    assert sequence(path) == [1, 2]


def test_a_link_in_its_place_is_not_followed(target, path, tmp_path):
    (tmp_path / "elsewhere").write_text("")
    path.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OSError, match="symbolic"):
        target.send(1, change("opened"))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(text=st.text(max_size=60) | st.sampled_from(["\n{}\n", "\ud800", "x" * 65536, "\x1b[2J"]))
def test_hostile_text_makes_no_second_line(target, path, text):
    before = len(path.read_text().splitlines()) if path.exists() else 0
    target.send(1, change("opened", of=finding(text, reason=text)))
    lines = path.read_text().splitlines()

    assert len(lines) == before + 1
    assert json.loads(lines[-1])["message"] == text
    assert lines[-1].isprintable()
