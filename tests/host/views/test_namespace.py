"""Whose pids a /proc shows."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from aisec_daemon.host.views.namespace import Namespace, read_namespace

HOSTS = Path(__file__).parents[2] / "hosts"


def test_our_own():
    seen = read_namespace(Path("/proc"))

    assert (seen.live, seen.ours) == (True, True)


def test_plain_files_are_not_live():
    assert read_namespace(HOSTS / "training/proc") == Namespace(live=False, ours=False, host=False)


@pytest.mark.parametrize(("inode", "host"), [(4026531836, True), (4026532999, False)])
def test_the_first_namespace_has_a_number_of_its_own(tmp_path, inode, host):
    (tmp_path / "self").symlink_to(str(os.getpid()))
    (tmp_path / str(os.getpid()) / "ns").mkdir(parents=True)
    (tmp_path / str(os.getpid()) / "ns/pid").symlink_to(f"pid:[{inode}]")

    assert read_namespace(tmp_path) == Namespace(live=True, ours=True, host=host)
