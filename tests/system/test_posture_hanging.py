"""A file system that never answers, where a container has its devices."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from aisec_daemon.host.posture.postures import Postures
from aisec_daemon.host.proc.processes import Processes
from aisec_daemon.host.tally import Tally
from aisec_daemon.host.workload.workload import Workload

pytestmark = pytest.mark.system

# Mounts FUSE and answers no request, not even the first: whoever asks it for a name waits.
_NEVER = """
import ctypes, os, sys, time
place, mode = sys.argv[1].encode(), sys.argv[2]
options = f"fd={os.open('/dev/fuse', os.O_RDWR)},rootmode={mode},user_id=0,group_id=0".encode()
if ctypes.CDLL(None, use_errno=True).mount(b"never", place, b"fuse", 0, options):
    sys.exit(os.strerror(ctypes.get_errno()))
print(flush=True)
time.sleep(60)
"""
_FOLDER, _FILE = "40000", "100000"


def facts(pid: int):
    """Read a process as that of a container, but not for ever."""
    with closing(Processes(Path("/"), Tally(), b"k" * 16, connector=False)) as processes:
        who = replace(processes.lookup(pid), container="c" * 64)
        workload = Workload(who, who.subject, on_gpu=True, libraries=frozenset())
        nvml = SimpleNamespace(read=lambda: SimpleNamespace(gpus=[]))
        read = SimpleNamespace(read=lambda: [workload])
        postures = Postures(Path("/"), read, nvml, Tally())
        (found,) = postures.read().postures
        return found.facts


@pytest.mark.parametrize(
    ("place", "mode", "known"),
    [("/dev", _FOLDER, False), ("/dev/pts", _FOLDER, True), ("/dev/null", _FILE, True)],
)
def test_it_is_not_asked(place, mode, known):
    command = ["unshare", "--mount", "--propagation", "private", sys.executable, "-c", _NEVER]
    pool = ThreadPoolExecutor(1)
    with subprocess.Popen([*command, place, mode], stdout=subprocess.PIPE) as process:
        try:
            assert process.stdout.readline() == b"\n"
            answer = pool.submit(facts, process.pid).result(timeout=20)
        finally:
            process.kill()  # the mount ends with it, and so does whoever waits
            pool.shutdown()

    assert (answer.devices is not None) is known
    assert answer.read_only_root is False
