"""Files below another's root: links that want out, files that would hold the reader up."""

from __future__ import annotations

import os
import stat
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aisec_daemon.host.beneath import exists, find, listed, read_head
from tests.host.proc.tree import descriptors


@pytest.fixture
def root(tmp_path):
    (tmp_path / "secret").write_text("of the host")
    inner = tmp_path / "box"
    (inner / "opt/venv/lib").mkdir(parents=True)
    (inner / "secret").write_text("of the container")
    (inner / "opt/venv/lib/file").write_text("here")
    return inner


@contextmanager
def opened(folder):
    descriptor = os.open(folder, os.O_PATH | os.O_DIRECTORY)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def text(root, path):
    """Read what a path leads to, and say how it is called."""
    with opened(root) as folder:
        place = find(folder, path)
        try:
            return place.path, Path(f"/proc/self/fd/{place.descriptor}").read_text()
        finally:
            os.close(place.descriptor)


@pytest.mark.parametrize(
    "target", ["/secret", "../secret", "../../../../secret", "/../secret", "./../box/../secret"]
)
def test_a_link_leads_to_what_the_process_would_find(root, target):
    """An absolute one and one that climbs above the root end below it."""
    (root / "link").symlink_to(target)
    if target.startswith("./../box"):
        with pytest.raises(FileNotFoundError):
            text(root, b"/link")
    else:
        assert text(root, b"/link") == (b"/secret", "of the container")


def test_links_within_a_path_are_followed(root):
    (root / "usr").mkdir()
    (root / "usr/venv").symlink_to("../opt/venv")
    (root / "usr/lib").symlink_to("/usr/venv/lib")

    assert text(root, b"usr/lib/./file") == (b"/opt/venv/lib/file", "here")


def test_a_loop_of_links_ends(root):
    (root / "a").symlink_to("b")
    (root / "b").symlink_to("a")
    with pytest.raises(OSError, match="symbolic links"):
        text(root, b"a")


def test_a_path_without_end_ends(root):
    with opened(root) as folder, pytest.raises(OSError, match="too many parts"):
        find(folder, b"opt/../" * 10_000)


def test_a_link_that_grows_ends(root):
    """Each hop makes the rest of the path longer."""
    (root / "more").symlink_to("more/" * 200)
    with opened(root) as folder, pytest.raises(OSError, match=r"links|parts"):
        find(folder, b"more/x")


def test_a_file_is_no_folder(root):
    with opened(root) as folder:
        assert not exists(folder, b"secret/file")
        assert exists(folder, b"secret")


@pytest.mark.parametrize("kind", ["fifo", "link", "folder", "device"])
def test_only_a_regular_file_is_read(root, kind):
    """A pipe without a writer would be waited for."""
    file = root / "METADATA"
    if kind == "fifo":
        os.mkfifo(file)
    elif kind == "link":
        file.symlink_to("secret")
    elif kind == "folder":
        file.mkdir()
    elif os.geteuid() == 0:
        os.mknod(file, stat.S_IFCHR | 0o600, os.makedev(1, 5))  # /dev/zero
    else:
        file.symlink_to("/dev/zero")
    with opened(root) as folder, pytest.raises(OSError, match="not a regular file"):
        read_head(folder, b"METADATA", 100)


def test_of_a_large_file_only_the_head_is_read(root):
    with (root / "large").open("wb") as file:
        file.truncate(1 << 30)
    with opened(root) as folder:
        assert read_head(folder, b"large", 1000) == bytes(1000)


@given(st.lists(st.sampled_from(["opt", "venv", "..", ".", "", "lib", "file", "x"]), max_size=12))
def test_any_path_ends_below_the_root_and_leaves_nothing_open(tmp_path_factory, parts):
    base = tmp_path_factory.mktemp("walk")
    (base / "box/opt/venv/lib").mkdir(parents=True)
    before = descriptors()
    with opened(base / "box") as folder:
        try:
            place = find(folder, "/".join(parts).encode())
        except OSError:
            pass
        else:
            real = Path(f"/proc/self/fd/{place.descriptor}").readlink()
            os.close(place.descriptor)
            assert str(real) == str(base / "box") + place.path.decode().rstrip("/")

    assert descriptors() == before


def test_names_in_a_folder_are_listed_below_the_root_and_not_without_end(tmp_path):
    (tmp_path / "in").mkdir()
    for name in ("a", "b", "c"):
        (tmp_path / "in" / name).touch()
    (tmp_path / "way").symlink_to("/in")
    root = os.open(tmp_path, os.O_PATH)
    try:
        names = listed(root, b"way", 9)
        few = listed(root, b"in", 2)
        with pytest.raises(NotADirectoryError):
            listed(root, b"in/a", 9)
    finally:
        os.close(root)

    assert sorted(names) == [b"a", b"b", b"c"]
    assert len(few) == 2
