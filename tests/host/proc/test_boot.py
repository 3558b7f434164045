"""The time of the boot."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from aisec_daemon.host.proc import boot
from aisec_daemon.host.proc.boot import BootTime
from aisec_daemon.host.tally import Tally
from tests.host.proc.tree import BOOT, Tree


def test_it_follows_a_clock_that_was_set_but_no_jitter(
    tree: Tree, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A second to and fro is the kernel's rounding, an hour is not."""
    now = [0.0]
    monkeypatch.setattr(boot, "monotonic", lambda: now[0])
    boot_time = BootTime(tree.root, Tally())
    seen = []
    for read in (BOOT, BOOT + 1, BOOT + 3600):
        (tree.proc / "stat").write_text(f"btime {read}\n")
        now[0] += 100.0
        seen.append(boot_time.seconds())

    assert seen == [BOOT, BOOT, BOOT + 3600]


def test_unreadable_is_not_1970(tmp_path: Path) -> None:
    """No file, no number, and that is counted."""
    tally = Tally()

    assert math.isnan(BootTime(tmp_path, tally).seconds())
    assert tally.rows()[0][0] == ("proc", "btime", "FileNotFoundError")
