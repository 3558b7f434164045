"""Installed distributions, in folders that strangers have written."""

from __future__ import annotations

import os
import time
from contextlib import contextmanager

import pytest

from aisec_daemon.host.workload import packages as module
from aisec_daemon.host.workload.packages import Distribution, Packages, normalized
from tests.host.proc.tree import descriptors
from tests.host.workload.node import SITE, install


@contextmanager
def opened(folder):
    descriptor = os.open(folder / "root", os.O_PATH | os.O_DIRECTORY)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def read(folder, *names, packages=None, site=SITE):
    with opened(folder) as root:
        return (packages or Packages()).find(root, site.encode(), names)


def version(folder, name):
    return read(folder, name)[name].version


def test_a_distribution_has_a_version_and_scripts(tmp_path):
    install(tmp_path, "jupyter-server", "2.14.0", "jupyter-server", "jupyter-run")
    install(tmp_path, "torch", "2.4.1+cu121")

    assert read(tmp_path, "jupyter-server", "torch", "ray") == {
        "jupyter-server": Distribution("2.14.0", frozenset((b"jupyter-server", b"jupyter-run"))),
        "torch": Distribution("2.4.1+cu121", frozenset()),
    }


def test_names_are_compared_as_pypi_does():
    assert normalized("Jupyter_Server") == normalized("jupyter.server") == "jupyter-server"


def test_debians_single_files_tell_their_version(tmp_path):
    site = tmp_path / "root/usr/lib/python3/dist-packages"
    site.mkdir(parents=True)
    (site / "notebook-6.4.12.egg-info").write_text("")
    (site / "torch-1.13.1-py3.11.egg-info").mkdir()
    found = read(tmp_path, "notebook", "torch", site="/usr/lib/python3/dist-packages")

    assert {name: each.version for name, each in found.items()} == {
        "notebook": "6.4.12",
        "torch": "1.13.1",
    }


def test_what_metadata_says_comes_first(tmp_path):
    info = install(tmp_path, "torch", "1.0")
    (info / "METADATA").write_text("Name: torch\r\nVersion: 2.0\r\n\r\nVersion: 3.0\n")

    assert version(tmp_path, "torch") == "2.0"


@pytest.mark.parametrize("kind", ["fifo", "link", "folder", "huge", "unreadable", "none"])
def test_metadata_that_is_none_leaves_the_folders_name(tmp_path, kind):
    """And holds nobody up: of a gigabyte only the head is read, a pipe is not opened."""
    info = install(tmp_path, "torch", "2.4.1")
    file = info / "METADATA"
    file.unlink()
    if kind == "fifo":
        os.mkfifo(file)
        (info / "entry_points.txt").unlink()
        os.mkfifo(info / "entry_points.txt")
    elif kind == "link":
        (tmp_path / "outside").write_text("Version: 9.9\n")
        file.symlink_to(tmp_path / "outside")
    elif kind == "folder":
        file.mkdir()
    elif kind == "huge":
        with file.open("wb") as opened_file:
            opened_file.truncate(1 << 30)
    elif kind == "unreadable":
        file.write_bytes(b"\xff\x00\n" * 100)
    begun = time.monotonic()

    assert version(tmp_path, "torch") == "2.4.1"
    assert time.monotonic() - begun < 5


@pytest.mark.parametrize("text", ["2.0\x1b[31m", "a" * 60 + "\u202e", "2.0 <script>", ""])
def test_a_version_that_is_none_is_not_shown(tmp_path, text):
    info = install(tmp_path, "torch", "1.0")
    (info / "METADATA").write_text(f"Version: {text}\n")

    assert version(tmp_path, "torch") in ("", "1.0")


def test_of_a_folder_without_end_so_many_entries_are_looked_at(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "_ENTRIES_MAX", 50)
    for number in range(120):
        install(tmp_path, f"p{number}", "1")
    found = read(tmp_path, *(f"p{number}" for number in range(120)))

    assert 20 <= len(found) <= 50


def test_a_folder_is_listed_again_only_if_it_has_changed_and_not_too_often(tmp_path, monkeypatch):
    """Whose it is may touch it all the time."""
    install(tmp_path, "torch", "2.4.1")
    packages, listed = Packages(), []
    real, now = module._list, [0.0]
    monkeypatch.setattr(module, "monotonic", lambda: now[0])
    monkeypatch.setattr(module, "_list", lambda folder: listed.append(1) or real(folder))
    for _ in range(3):
        read(tmp_path, "torch", packages=packages)
        now[0] += 20
    assert len(listed) == 1
    install(tmp_path, "ray", "2.60.0")
    read(tmp_path, "ray", packages=packages)
    install(tmp_path, "vllm", "0.6.0")
    now[0] += 5
    assert read(tmp_path, "vllm", packages=packages) == {}
    now[0] += 5

    assert read(tmp_path, "vllm", packages=packages)["vllm"].version == "0.6.0"
    assert read(tmp_path, "ray", packages=packages)["ray"].version == "2.60.0"
    assert len(listed) == 3


def test_no_folder_is_an_error_and_nothing_stays_open(tmp_path):
    install(tmp_path, "torch", "2.4.1")
    (tmp_path / "root/file").write_text("")
    before = descriptors()
    read(tmp_path, "torch")
    for site in ("/nowhere", "/file"):
        with pytest.raises(OSError, match=r"folder|No such|Not a"):
            read(tmp_path, "torch", site=site)

    assert descriptors() == before
