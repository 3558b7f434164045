"""Real Jupyter Server and TensorBoard are found as what they are, and what only says so is not."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from importlib.metadata import version
from pathlib import Path
from types import SimpleNamespace

import pytest

from aisec_daemon.host.errors import UnreadableError
from aisec_daemon.host.host import Host
from aisec_daemon.host.proc.processes import Processes
from aisec_daemon.host.tally import Tally
from aisec_daemon.samplers.asset import Asset

pytestmark = pytest.mark.system

BIN = Path(sys.executable).parent


def silent():
    raise UnreadableError("nvml", "there is no driver")


@contextmanager
def started(folder: Path, *command: str, **more) -> Iterator[int]:
    """Run a program that needs nobody's settings; yield its pid."""
    environment = {**os.environ, "HOME": str(folder), "JUPYTER_PLATFORM_DIRS": "1"}
    process = subprocess.Popen(
        command,
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        **more,
    )
    try:
        yield process.pid
    finally:
        process.kill()
        process.wait()


@contextmanager
def everybody(folder: Path) -> Iterator[dict[str, int]]:
    """Run two services, and four that only look like one of them."""
    fake = folder / "jupyter-server"
    shutil.copy(shutil.which("sleep"), fake)
    script = folder / "bin/jupyter-server"
    script.parent.mkdir()
    script.write_text("import time\ntime.sleep(60)\n")
    real = str(BIN / "jupyter-server")
    jupyter = (real, "--no-browser", "--allow-root", "--port=0", "--ServerApp.token=s3cr3t")
    board = (sys.executable, "-m", "tensorboard.main", "--logdir", str(folder), "--port=0")
    with ExitStack() as stack:

        def run(*command, **more):
            return stack.enter_context(started(folder, *command, **more))

        yield {
            "jupyter": run(*jupyter),
            "tensorboard": run(*board),
            "a sleep of that name": run(str(fake), "60"),
            "a sleep with its arguments": run(real, "60", executable=shutil.which("sleep")),
            "a script of that name": run(sys.executable, str(script)),
            "a process that says so": run("/bin/bash", "-c", "exec -a tensorboard.main sleep 60"),
        }


def test_services_are_known_by_their_files(tmp_path):
    with (
        everybody(tmp_path) as pids,
        closing(Processes(Path("/"), Tally(), bytes(32), connector=False)) as processes,
    ):
        host = Host(Path("/"), Tally(), SimpleNamespace(read=silent), processes)
        found: dict[int, str] = {}
        end = time.monotonic() + 12
        while time.monotonic() < end and not {pids["jupyter"], pids["tensorboard"]} <= found.keys():
            processes.scan()
            host.workloads._at = -1e9
            found = {each.identity.pid: each.service for each in host.workloads.read()}
            time.sleep(0.2)
        time.sleep(0.5)
        processes.scan()
        host.workloads._at = -1e9
        snapshot = Asset().read(host, time.time())
        found = {each.identity.pid: each.service for each in host.workloads.read()}

    ours = {name: found[pid] for name, pid in pids.items() if pid in found}
    assert ours == {"jupyter": "jupyter", "tensorboard": "tensorboard"}
    told = {
        service: (frameworks, script)
        for service, frameworks, script, executable in zip(
            *(snapshot.labels[name] for name in ("service", "frameworks", "script", "executable")),
            strict=True,
        )
        if executable.rpartition("/")[2].startswith("python")
    }
    assert told["jupyter"] == (
        f"jupyter-server {version('jupyter-server')}",
        str(BIN / "jupyter-server"),
    )
    assert told["tensorboard"] == (f"tensorboard {version('tensorboard')}", "tensorboard.main")
    assert "s3cr3t" not in repr(dict(snapshot.labels))
