"""A real disk of a few megabytes: full, then read-only (util-linux: unshare, mount)."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.daemon import ROOT


@pytest.mark.system
def test_a_full_and_a_read_only_disk_are_survived(tmp_path):
    spaces = ["--mount"] if os.geteuid() == 0 else ["--mount", "--map-root-user"]
    command = ["unshare", *spaces, sys.executable, "-m", "tests.journal.cramped", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    assert done.stdout == "survived\n", done.stderr
