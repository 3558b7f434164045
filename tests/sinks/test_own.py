"""What the daemon costs, its children included."""

from __future__ import annotations

import os
import subprocess
import sys

from aisec_daemon.sinks.own import tree_cost


def test_the_process_tree_counts_children() -> None:
    """A child's memory is part of it, until it ends; its CPU time stays."""
    _, alone = tree_cost(os.getpid())
    burn = "x = bytearray(50_000_000); print(sum(range(3_000_000)), flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", burn], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as child:
        assert child.stdout
        child.stdout.readline()
        cpu, together = tree_cost(os.getpid())
        child.communicate(b"\n")
    after, _ = tree_cost(os.getpid())

    assert together > alone + 40_000_000
    assert after >= cpu - 0.05
