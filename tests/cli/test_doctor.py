"""`aisec-daemon doctor`, as people and scripts see it."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from tests.daemon import ROOT, running

NAMES = {
    *("driver", "pci devices", "device nodes", "pynvml", "nvml", "gpu processes", "gpm", "mig"),
    *("processes", "executables", "hidepid", "connector", "cgroups", "images", "capabilities"),
    *("no_new_privs", "open files", "settings", "state", "listen", "clock", "service"),
}


def checks(shown) -> dict[str, dict]:
    return {check["name"]: check for check in json.loads(shown.stdout)}


def test_a_node_whose_gpus_and_processes_are_read(run):
    found = checks(run("training", "doctor", "--json"))
    fine = ("nvml", "driver", "pci devices", "gpu processes", "gpm", "processes")
    fine += ("cgroups", "images")

    assert set(found) == NAMES
    assert {found[name]["status"] for name in fine} == {"ok"}
    assert found["nvml"]["found"] == "opens, driver 570.86.10, 1 GPU(s)"
    assert found["cgroups"]["found"] == "v2; 2 processes in 1 container(s)"
    assert found["images"]["found"] == "told for 1 of 1 container(s)"


def test_a_node_without_a_driver_misses_its_main_sensor_and_exits_3(run):
    shown = run("no-driver", "doctor", "--json")
    found = checks(shown)

    assert shown.exit_code == 3
    assert found["driver"]["status"] == found["nvml"]["status"] == "missing"
    assert "modprobe nvidia" in found["driver"]["remedy"]
    assert found["pci devices"]["status"] == "degraded"
    assert found["driver"]["main"] is True


@pytest.mark.parametrize(("host", "version"), [("slurm-v1", "v1"), ("hybrid", "hybrid")])
def test_the_version_of_cgroups_is_told(run, host, version):
    assert checks(run(host, "doctor", "--json"))["cgroups"]["found"].startswith(version)


def test_people_see_a_line_a_check_and_commands_that_are_not_broken(run):
    shown = run("no-driver", "doctor").stdout
    lines = shown.splitlines()

    assert {name for name in NAMES if any(f" {name} " in line for line in lines)} == NAMES
    mend = next(line for line in lines if "modprobe nvidia" in line)
    assert mend.endswith("then reboot)")
    assert "\x1b" not in shown


def test_wrong_settings_are_a_check_and_the_rest_is_still_looked_at(tmp_path, run):
    file = tmp_path / "aisec.toml"
    file.write_text("[detectors.blnd]\nx = 1\n[detectors.blind]\nafer = 1\n")
    shown = run("idle", "doctor", "--json", "--settings", str(file))
    found = checks(shown)

    assert shown.exit_code == 1
    assert found["settings"]["status"] == "degraded"
    assert "detectors.blind.after" in found["settings"]["found"]
    assert found["settings"]["remedy"] == f"aisec-daemon check {file}"
    assert found["nvml"]["status"] == "ok"


def test_it_knows_a_running_daemon_by_its_page(tmp_path):
    with running(tmp_path / "state") as daemon:
        env = {**os.environ, "AISEC_LISTEN": daemon.address, "AISEC_STATE": str(tmp_path / "state")}
        shown = subprocess.run(
            [sys.executable, "-m", "aisec_daemon", "doctor", "--json"],
            capture_output=True,
            text=True,
            env=env,
            cwd=ROOT,
            timeout=60,
            check=False,
        )
        found = checks(shown)

    assert (
        found["listen"]["found"] == f"an aisec-daemon serves {daemon.log and env['AISEC_LISTEN']}"
    )
    assert found["state"]["status"] == "ok"
