"""Processes hidden for real: by a preloaded library, by a mount, by a namespace."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.system

VIEWS = Path(__file__).parents[1] / "host/views"
LOOK = (sys.executable, str(VIEWS / "look.py"))
PRIVATE = ("unshare", "--mount", "--propagation", "private")


@pytest.fixture
def sleeper():
    process = subprocess.Popen(["sleep", "60"])
    yield process.pid
    process.kill()
    process.wait()


def told(*command: str, **environment: str) -> dict:
    answer = subprocess.run(
        command, check=True, capture_output=True, timeout=60, env={**os.environ, **environment}
    )
    return json.loads(answer.stdout)


@pytest.fixture(scope="module", params=["libhide.so", "libc.so.6"])
def hook(tmp_path_factory, request):
    library = tmp_path_factory.mktemp("hook") / request.param
    source = str(VIEWS / "hide.c")
    subprocess.run(
        ["gcc", "-shared", "-fPIC", "-o", str(library), source, "-ldl"], check=True, timeout=60
    )
    return library


def test_nobody_is_hidden_on_this_machine(sleeper):
    said = told(*LOOK, str(sleeper), str(sleeper))

    assert said == {"suspects": {}, "libraries": {}, "lacks": {}, "findings": {}}


def test_a_preloaded_library_that_leaves_a_pid_out_of_readdir(sleeper, hook):
    said = told(*LOOK, str(sleeper), "", LD_PRELOAD=str(hook), HIDE=str(sleeper))
    (row,) = said["suspects"].values()
    executable = str(Path("/proc", str(sleeper), "exe").readlink())
    severity, reason = said["findings"][f"{executable} root"]

    assert (row["pid"], row["missing_from"], row["gpus"]) == (str(sleeper), "listing", "GPU-a")
    assert {"raw_listing", "proc", "kernel", "nvml"} <= set(row["known_by"].split())
    assert severity == "critical"
    assert reason.startswith(f"process {sleeper} ({executable}, user root) on GPU-a is known to")
    assert {"readdir", "readdir64"} <= set(said["libraries"][str(hook)].split())
    assert said["findings"][f"library/{hook}"][0] == "high"


@pytest.mark.parametrize("kind", ["empty folder", "another process"])
def test_a_mount_over_a_process(sleeper, kind):
    place = f"/proc/{sleeper}"
    mount = {"empty folder": f"mount -t tmpfs none {place}"}
    mount |= {"another process": f"mount --bind /proc/1 {place}"}
    said = told(*PRIVATE, "sh", "-c", f'{mount[kind]} && exec "$@"', "sh", *LOOK, str(sleeper), "")
    (row,) = said["suspects"].values()

    assert (row["pid"], row["missing_from"]) == (str(sleeper), "proc")
    assert row["executable"] is None  # what is there now is not it
    assert {"kernel", "listing"} <= set(row["known_by"].split())
    assert row["cover"].startswith(place)
    assert [severity for severity, _ in said["findings"].values()] == ["critical"]


def test_a_mount_over_one_file_of_a_process(sleeper):
    cmdline = f"/proc/{sleeper}/cmdline"
    mount = f'mount --bind /etc/hostname {cmdline} && exec "$@"'
    said = told(*PRIVATE, "sh", "-c", mount, "sh", *LOOK, "", "")

    assert said["suspects"][str(sleeper)]["cover"].startswith(cmdline)
    assert len(said["findings"]) == 1


def test_a_pid_namespace_is_told_apart_from_hidden_processes(sleeper):
    """NVML tells the host's pids, and none of them is in a container's /proc."""
    inside = ("unshare", "--pid", "--fork", "--mount-proc")
    said = told(*inside, *LOOK, f"{sleeper},{os.getpid()}", "")

    assert said["suspects"] == said["findings"] == {}
    assert "pid namespace" in said["lacks"]["nvml"]


def test_a_user_whom_hidepid_shuts_out_is_blind_and_accuses_nobody():
    """Whoever sees only his own processes must not call the others hidden."""
    remount = 'mount -t proc -o hidepid=2 proc /proc && exec setpriv --reuid 65534 "$@"'
    answer = subprocess.run(
        [*PRIVATE, "sh", "-c", remount, "sh", "--clear-groups", "--regid", "65534", *LOOK, "1", ""],
        check=False,
        capture_output=True,
        timeout=60,
    )

    assert answer.returncode != 0
    assert b"hidepid=" in answer.stderr
    assert b"UnreadableError" in answer.stderr
