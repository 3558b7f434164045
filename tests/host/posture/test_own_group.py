"""Our own group in the host's tree."""

from __future__ import annotations

import os

import pytest

from aisec_daemon.host.posture import own_group
from aisec_daemon.host.posture.own_group import OwnGroup


@pytest.fixture
def tree(tmp_path):
    (tmp_path / "host/a/b/c").mkdir(parents=True)
    (tmp_path / "host/a/d").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "host/a/b/c")
    return tmp_path


def ours(tree, folder):
    (tree / folder / "cgroup.procs").touch()
    return OwnGroup(str(tree / folder))


def test_paths_above_the_root_are_found_by_its_inode(tree):
    own = ours(tree, "host/a/b/c")
    base = os.fsencode(tree / "host")

    assert own.absolute(base, b"/../../d") == b"/a/d"
    assert own.absolute(base, b"/../x") == b"/a/b/x"
    assert own.absolute(base, b"/") == b"/a/b/c/"


def test_a_node_that_is_itself_a_container_has_its_root_there(tree):
    own = ours(tree, "host/a")

    assert own.absolute(os.fsencode(tree / "host/a"), b"/b") == b"/b"


@pytest.mark.parametrize("path", [b"/../../../../x", b"/x/../y"])
def test_what_leads_out_of_the_tree_is_unknown(tree, path):
    assert ours(tree, "host/a/b/c").absolute(os.fsencode(tree / "host"), path) is None


def test_a_root_that_is_not_there_is_unknown(tree, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    own = ours(tree, "elsewhere")

    assert own.absolute(os.fsencode(tree / "host"), b"/../x") is None
    assert OwnGroup(str(tree / "none")).absolute(os.fsencode(tree / "host"), b"/../x") is None


def test_the_search_ends(tree, monkeypatch):
    monkeypatch.setattr(own_group, "_FOLDERS_MAX", 1)

    assert ours(tree, "host/a/b/c").absolute(os.fsencode(tree / "host"), b"/../x") is None


def test_only_paths_that_begin_elsewhere_are_hidden(monkeypatch):
    own = OwnGroup()

    assert own.hides(b"/../x")
    assert not own.hides(b"/x")
    monkeypatch.setattr(OwnGroup, "private", property(lambda _: True))
    assert own.hides(b"/")
