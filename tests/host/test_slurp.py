"""Pseudo-files are read whole, up to a limit."""

from __future__ import annotations

import os

from aisec_daemon.host.slurp import slurp


def test_a_file_is_read_whole_and_no_further_than_the_limit(tmp_path):
    (tmp_path / "file").write_bytes(b"x" * 200_000)
    directory = os.open(tmp_path, os.O_RDONLY)
    try:
        assert len(slurp("file", 1 << 20, directory)) == 200_000
        assert len(slurp("file", 70_000, directory)) == 70_000
    finally:
        os.close(directory)


def test_procfs_tells_no_sizes():
    assert slurp("/proc/self/mountinfo", 1 << 20).endswith(b"\n")
