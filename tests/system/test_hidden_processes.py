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
        command, check=True, capture_output=True, timeout=30, env={**os.environ, **environment}
    )
    return json.loads(answer.stdout)


@pytest.fixture(scope="module")
def hook(tmp_path_factory):
    library = tmp_path_factory.mktemp("hook") / "libhide.so"
    source = str(VIEWS / "hide.c")
    subprocess.run(
        ["gcc", "-shared", "-fPIC", "-o", str(library), source, "-ldl"], check=True, timeout=60
    )
    return library


def test_nobody_is_hidden_on_this_machine(sleeper):
    said = told(*LOOK, str(sleeper), str(sleeper))

    assert said["suspects"] == {}
    assert said["libraries"] == {}


def test_a_preloaded_library_that_leaves_a_pid_out_of_readdir(sleeper, hook):
    said = told(*LOOK, "", "", LD_PRELOAD=str(hook), HIDE=str(sleeper))
    known, missing, _, runs = said["suspects"][str(sleeper)]

    assert list(said["suspects"]) == [str(sleeper)]
    assert missing == ["listing"]
    assert {"raw_listing", "proc", "kernel"} <= set(known)
    assert runs == 2
    assert {"readdir", "readdir64"} <= set(said["libraries"][str(hook)])


@pytest.mark.parametrize("kind", ["empty folder", "another process"])
def test_a_mount_over_a_process(sleeper, kind):
    place = f"/proc/{sleeper}"
    mount = (
        f"mount --bind /proc/1 {place}"
        if kind == "another process"
        else (f"mount -t tmpfs none {place}")
    )
    said = told(*PRIVATE, "sh", "-c", f'{mount} && exec "$@"', "sh", *LOOK, str(sleeper), "")
    known, missing, cover, _ = said["suspects"][str(sleeper)]

    assert list(said["suspects"]) == [str(sleeper)]
    assert missing == ["proc"]
    assert {"kernel", "listing"} <= set(known)
    assert cover.startswith(place)


def test_a_mount_over_one_file_of_a_process(sleeper):
    cmdline = f"/proc/{sleeper}/cmdline"
    mount = f'mount --bind /etc/hostname {cmdline} && exec "$@"'
    said = told(*PRIVATE, "sh", "-c", mount, "sh", *LOOK, "", "")

    assert said["suspects"][str(sleeper)][2].startswith(cmdline)


def test_a_pid_namespace_is_told_apart_from_hidden_processes(sleeper):
    """NVML tells the host's pids, and none of them is in a container's /proc."""
    inside = ("unshare", "--pid", "--fork", "--mount-proc")
    said = told(*inside, *LOOK, f"{sleeper},{os.getpid()}", "")

    assert said["suspects"] == {}
    assert "pid namespace" in said["lacks"]["nvml"]


def test_a_user_whom_hidepid_shuts_out_is_blind_and_accuses_nobody():
    """Whoever sees only his own processes must not call the others hidden."""
    remount = 'mount -t proc -o hidepid=2 proc /proc && exec setpriv --reuid 65534 "$@"'
    answer = subprocess.run(
        [*PRIVATE, "sh", "-c", remount, "sh", "--clear-groups", "--regid", "65534", *LOOK, "1", ""],
        check=False,
        capture_output=True,
        timeout=30,
    )

    assert answer.returncode != 0
    assert b"hidepid=" in answer.stderr
    assert b"UnreadableError" in answer.stderr
