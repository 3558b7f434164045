"""`aisec-daemon once`, as people and scripts see it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.daemon import FAKE_SITE, ROOT
from tests.fake_nvml import scenario

HOSTS = ROOT / "tests/hosts"
SECRETS = ("ghp_A1b2", "sk-proj-T3", "hf_QwEr", "AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI")


def test_it_shows_gpus_and_who_is_on_them_in_human_units(run):
    shown = run("training", "once")

    assert shown.exit_code == 0, shown.output
    assert "NVIDIA H200" in shown.stdout
    assert "40.0/141.0" in shown.stdout
    assert "410/700" in shown.stdout
    assert "80 %" in shown.stdout
    assert "4f5a6b7c8d9e" in shown.stdout
    assert "4f5a6b7c8d9e0" not in shown.stdout  # people use the first twelve
    assert "nothing past the line" in shown.stdout
    assert "containerd-shim" not in shown.stdout


def test_all_adds_the_processes_that_are_on_no_gpu(run):
    assert "containerd-shim" in run("training", "once", "--all").stdout


@pytest.mark.parametrize("columns", [80, 200])
def test_no_line_is_wider_than_the_terminal(run, columns):
    lines = run("training", "once", "--all", columns=columns).stdout.splitlines()

    assert max(map(len, lines)) <= columns
    assert any("alice" in line and "python" in line for line in lines)


@pytest.mark.parametrize("arguments", [("once", "--all"), ("once", "--json"), ("doctor",)])
def test_hostile_words_move_no_terminal_and_no_secret_is_told(run, arguments):
    shown = run("hostile", *arguments)

    assert shown.stdout
    assert [line for line in shown.stdout.split("\n") if not line.isprintable()] == []
    assert [secret for secret in SECRETS if secret in shown.stdout] == []


def test_what_could_not_be_read_is_told_and_exits_3(run, tmp_path):
    """On a quiet node whose PCI bus cannot be listed."""
    quiet = shutil.ignore_patterns("pci")
    shutil.copytree(HOSTS / "idle", tmp_path / "idle", symlinks=True, ignore=quiet)
    shown = run(str(tmp_path / "idle"), "once")

    assert shown.exit_code == 3
    assert "gpu_device" in shown.stdout
    assert "1 not read" in shown.stdout


def test_without_a_driver_one_line_says_so_and_the_rest_is_shown(run):
    shown = run("no-driver", "once", "--all", columns=200)
    told = [line for line in shown.stdout.splitlines() if "No GPU is read" in line]

    assert shown.exit_code == 3
    assert len(told) == 1
    assert "2 NVIDIA device(s)" in told[0]
    assert shown.stdout.count("nvmlInit") == 1
    assert "kthreadd" in shown.stdout


def test_json_has_every_row_and_null_for_what_was_not_read(run):
    shown = run("training", "once", "--json")
    content = json.loads(shown.stdout)
    (gpu,) = content["tables"]["gpu"]
    trainer = next(row for row in content["tables"]["gpu_process"] if row["pid"] == "3102")

    assert list(content) == ["time", "tables", "unreadable", "findings"]
    assert (gpu["power_watts"], gpu["name"], gpu["error"]) == (410.0, "NVIDIA H200", "")
    assert gpu["pipe_tensor_ratio"] is not None  # GPM needs two readings
    assert gpu["energy_joules"] is not None
    assert "energy_joules_per_second" not in gpu
    assert gpu["xid_last_code"] is None
    assert trainer["subject"].startswith(f"{gpu['uuid']}/3102:")
    assert {"process", "gpu_device", "sensor", "upkeep"} <= set(content["tables"])
    assert content["unreadable"] == {}


def once(tmp_path: Path, settings: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Look at this machine as if it had two GPUs, one of which does not answer."""
    world = scenario.node(gpus=2)
    world["gpus"][1]["code"] = 15
    scenario.write(tmp_path / "world.json", world)
    file = tmp_path / "aisec.toml"
    file.write_text(settings)
    env = {
        **os.environ,
        "PYTHONPATH": str(FAKE_SITE),
        "AISEC_FAKE_NVML": str(tmp_path / "world.json"),
        "AISEC_STATE": str(tmp_path / "state"),
    }
    command = [sys.executable, "-m", "aisec_daemon", "once", "--settings", str(file), *arguments]
    return subprocess.run(
        command, capture_output=True, text=True, env=env, cwd=ROOT, timeout=60, check=False
    )


def test_a_finding_past_the_line_exits_1_and_nothing_is_written(tmp_path):
    shown = once(tmp_path, "[detectors.blind]\nafter = 0.5\n")

    assert shown.returncode == 1, shown.stdout + shown.stderr
    assert "blind" in shown.stdout
    assert "high" in shown.stdout
    assert "\x1b" not in shown.stdout  # no colours in a pipe
    assert not (tmp_path / "state").exists()


def test_a_gpu_that_does_not_answer_is_not_read_and_a_permitted_finding_is_no_alarm(tmp_path):
    permit = 'rule = "blind"\nsubject = "*"\nexpires = 2999-01-01\nowner = "x"\nreason = "repair"'
    others = "[detectors.mining]\nenabled = false\n"  # of this machine, whoever uses it
    settings = f"[detectors.blind]\nafter = 0.5\n{others}[[allow]]\n{permit}\n"
    shown = once(tmp_path, settings, "--json")
    content = json.loads(shown.stdout)

    assert shown.returncode == 3
    assert any(
        "GPU_IS_LOST" in why for name, why in content["unreadable"].items() if "gpu/" in name
    )
    assert {finding["allowed"] for finding in content["findings"]} == {"repair"}


def test_wrong_settings_are_one_sentence_and_exit_2(tmp_path):
    shown = once(tmp_path, "[detectors.blnd]\nafter = 1\n")

    assert shown.returncode == 2
    assert "detectors.blind" in shown.stderr
    assert shown.stdout == ""
