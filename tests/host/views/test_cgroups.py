"""Who is in which control group."""

from __future__ import annotations

import pytest

from aisec_daemon.host.views.cgroups import hierarchies, parse_members, read_members


def group(folder, text=""):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "cgroup.procs").write_text(text)


def test_pids_of_other_namespaces_are_no_pids():
    assert parse_members(b"1\n0\n4711\n") == [1, 4711]


@pytest.mark.parametrize(
    ("layout", "chosen"),
    [
        (["", "system.slice"], ""),  # version 2
        (["unified", "systemd", "memory"], "unified"),  # hybrid
        (["cpu", "memory", "systemd"], "systemd"),  # version 1
        (["cpu", "memory"], "cpu"),
    ],
)
def test_one_hierarchy_holds_everybody(tmp_path, layout, chosen):
    base = tmp_path / "sys/fs/cgroup"
    for name in layout:
        group(base / name)

    assert hierarchies(tmp_path)[0] == base / chosen


def test_no_hierarchy(tmp_path):
    assert hierarchies(tmp_path) == []


def test_every_group_is_read(tmp_path):
    group(tmp_path, "1\n")
    group(tmp_path / "a/b", "5\n6\n")
    group(tmp_path / "a", "")

    assert read_members(tmp_path, 10) == ({1: "/", 5: "/a/b", 6: "/a/b"}, "")


def test_what_was_not_read_is_said(tmp_path):
    group(tmp_path, "1\n")
    group(tmp_path / "odd", "no number\n")
    for name in "abc":
        group(tmp_path / name)

    assert "1 control groups cannot be read" in read_members(tmp_path, 10).lack
    assert "more than 2" in read_members(tmp_path, 2).lack


def test_a_group_that_went_meanwhile_is_no_lack(tmp_path):
    group(tmp_path, "1\n")
    (tmp_path / "gone").mkdir()

    assert read_members(tmp_path, 10) == ({1: "/"}, "")


def test_a_hierarchy_that_cannot_be_read_is_an_error(tmp_path):
    with pytest.raises(FileNotFoundError):
        read_members(tmp_path / "none", 10)
