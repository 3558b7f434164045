"""Table `program`, with true processes of this machine."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace

import pytest

from aisec_daemon.host.errors import UnreadableError
from aisec_daemon.host.proc.processes import Processes
from aisec_daemon.host.program.programs import Programs
from aisec_daemon.host.tally import Tally
from aisec_daemon.samplers.program import Program


class Gpus:
    """Stands for NVML: a GPU with the processes that the test names."""

    def __init__(self) -> None:
        self.pids: list[int] = []

    def read(self):
        processes = [SimpleNamespace(pid=pid) for pid in self.pids]
        return SimpleNamespace(gpus=[SimpleNamespace(processes=processes)])


@pytest.fixture
def read():
    """Read the row of one process as the sampler does; None if it has none."""
    with closing(Processes(Path("/"), Tally(), b"k" * 16, connector=False)) as processes:
        gpus = Gpus()
        host = SimpleNamespace(programs=Programs(Path("/"), gpus, processes, Tally()))

        def read(pid, time=2e9):
            gpus.pids = [pid]
            host.programs._members_at = -1e9
            snapshot = Program().read(host, time)
            for at, process in enumerate(snapshot.labels["process"]):
                if process.startswith(f"{pid}:"):
                    words = {name: column[at] for name, column in snapshot.labels.items()}
                    numbers = zip(snapshot.table.column_names, snapshot.values[at], strict=True)
                    return words | dict(numbers)
            return None

        yield read


def test_a_true_python_has_nothing_to_hide(read):
    row = read(os.getpid(), Path(sys.executable).stat().st_ctime + 500)

    assert "python" in row["libraries"].split()
    assert (row["disguise"], row["preload"], row["executable_writable"]) == ("", "", "")
    assert row["executable_place"] in ("system", "home")  # wherever this Python was put
    assert row["executable_age_seconds"] == pytest.approx(500, abs=1)
    assert row["read_bytes"] > 0


def test_a_sleep_that_calls_itself_a_kernel_thread_is_told(read, tmp_path):
    program = tmp_path / "sleep"
    shutil.copy("/bin/sleep", program)
    command = ["bash", "-c", f'exec -a "[kworker/u8:1]" {program} 60']
    with subprocess.Popen(command) as process:
        try:
            while Path(f"/proc/{process.pid}/exe").readlink() != program:
                pass
            row = read(process.pid)
        finally:
            process.kill()

    assert row["disguise"] == "kernel_thread"
    assert row["executable_place"] == "temporary"


def test_nobody_tells_is_no_empty_table(monkeypatch, read):
    """Neither NVML nor the open files of processes."""

    def refuse(*_):
        raise PermissionError(13, "Permission denied")

    def fail(_):
        raise UnreadableError("nvml", "no library")

    monkeypatch.setattr(Gpus, "read", fail)
    monkeypatch.setattr("aisec_daemon.host.program.holders.read_links", refuse)
    with pytest.raises(UnreadableError, match="no library"):
        read(os.getpid())
