"""How soon a listed name or pattern is in the table: the sampler's true schedule and /proc."""

from __future__ import annotations

import shutil
import subprocess
import time
from contextlib import closing
from pathlib import Path
from queue import Queue
from types import SimpleNamespace

import pytest

from aisec_daemon.app.clock import Clock
from aisec_daemon.app.pace import Pace
from aisec_daemon.app.sampling import Sampling
from aisec_daemon.host.proc.processes import Processes
from aisec_daemon.host.tally import Tally
from aisec_daemon.pipeline.upkeep import Upkeep
from aisec_daemon.samplers.process import Process

NOISE_SECONDS = 2.0  # a busy machine
POOL = "stratum+tcp://POOL.example:4444"


@pytest.fixture
def inbox():
    """Sample the processes of this machine, without the kernel's word on who executes what."""
    queue = Queue(100)
    with closing(Processes(Path("/"), Tally(), b"k" * 16, connector=False)) as processes:
        host = SimpleNamespace(processes=processes)
        pace = Pace({"process": Process().period}, lambda table: 1)
        sampling = Sampling(host, [Process()], Upkeep(), Clock(), queue, pace)
        sampling.start()
        yield queue
        sampling.stop()


def marks(inbox: Queue, pid: int, wanted: str, seconds: float) -> float:
    """Wait until a process bears a mark; return how many seconds that took."""
    begun = time.monotonic()
    while time.monotonic() - begun < seconds:
        snapshot = inbox.get(timeout=seconds)
        if snapshot.table.name != "process" or str(pid) not in snapshot.labels["pid"]:
            continue
        row = snapshot.labels["pid"].index(str(pid))
        if wanted in snapshot.labels["indicators"][row].split():
            return time.monotonic() - begun
    raise TimeoutError(wanted)


def test_a_listed_name_is_told_within_a_period(inbox, tmp_path):
    program = shutil.copy("/bin/sleep", tmp_path / "xmrig")
    with subprocess.Popen([program, "60"]) as process:
        try:
            assert marks(inbox, process.pid, "name/xmrig", 10) <= Process().period + NOISE_SECONDS
        finally:
            process.kill()


def test_a_shell_that_lives_a_while_and_then_executes_is_told_within_a_period(inbox, tmp_path):
    """Its pid and start time stay; the daemon has known it as a shell for some turns."""
    program = shutil.copy("/bin/bash", tmp_path / "renamed")
    script = f"read _; exec {program} -c 'read _; :' -o $(cat {tmp_path}/pool)"
    (tmp_path / "pool").write_text(POOL)
    with subprocess.Popen(["bash", "-c", script], stdin=subprocess.PIPE) as process:
        try:
            with pytest.raises(TimeoutError):
                marks(inbox, process.pid, "argument/none", 5)
            process.stdin.write(b"\n")
            process.stdin.flush()
            took = marks(inbox, process.pid, "argument/stratum-scheme", 10)
            assert took <= Process().period + NOISE_SECONDS
        finally:
            process.kill()


def test_a_shell_that_waits_bears_its_mark_already(inbox):
    """A script that names a pool is one that will call it."""
    script = f"read _; true -o {POOL}"
    with subprocess.Popen(["bash", "-c", script], stdin=subprocess.PIPE) as process:
        try:
            assert marks(inbox, process.pid, "argument/stratum-scheme", 10) <= 4
        finally:
            process.kill()
