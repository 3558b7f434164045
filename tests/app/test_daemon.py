"""The real daemon, seen from outside: a fake driver below, /proc of this machine beside it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.daemon import running
from tests.fake_nvml import scenario
from tests.host.proc.tree import Tree


@pytest.fixture
def world(tmp_path) -> Path:
    path = tmp_path / "world.json"
    node = scenario.node(gpus=4)
    node["gpus"][0]["processes"] = [scenario.process(pid=os.getpid())]
    scenario.write(path, node)
    return path


def change(path: Path, **gpu: object) -> None:
    """Change GPU 2 of the world."""
    node = scenario.node(gpus=4)
    node["gpus"][2].update(gpu)
    scenario.write(path, node)


def test_it_shows_gpus_and_whose_processes_are_on_them(tmp_path, world):
    with running(tmp_path / "state", world=world) as daemon:
        daemon.wait(lambda: daemon.value("aisec_gpu_power_watts", uuid=uuid(0)))
        daemon.wait(lambda: daemon.ready)
        names = {name for name, _ in daemon.series()}

        assert daemon.value("aisec_gpu_process_count", uuid=uuid(0)) == 1
        assert daemon.value("aisec_gpu_info", uuid=uuid(0), index="0") == 1
        assert daemon.value("aisec_finding_open", rule="blind") == 0
        assert {"aisec_process_count", "process_cpu_seconds_total", "aisec_build_info"} <= names
        assert daemon.stop() == 0


def uuid(index: int) -> str:
    return scenario.node(gpus=4)["gpus"][index]["uuid"]


def test_one_lost_gpu_is_told_by_name_while_the_others_go_on(tmp_path, world):
    settings = tmp_path / "aisec.toml"
    settings.write_text("[detectors.blind]\nafter = 2\n[detectors.gpu_vanished]\nafter = 2\n")
    with running(tmp_path / "state", "--settings", str(settings), world=world) as daemon:
        daemon.wait(lambda: daemon.value("aisec_gpu_power_watts", uuid=uuid(2)))
        change(world, code=15)  # NVML_ERROR_GPU_IS_LOST
        daemon.wait(lambda: daemon.value("aisec_finding_open", rule="blind"))

        assert daemon.value("aisec_gpu_power_watts", uuid=uuid(2)) is None
        assert daemon.value("aisec_gpu_power_watts", uuid=uuid(1)) is not None
        assert any(uuid(2) in line and "finding" in line for line in daemon.log)
        change(world)
        daemon.wait(lambda: daemon.value("aisec_gpu_power_watts", uuid=uuid(2)))


def test_a_hanging_gpu_delays_neither_scrapes_nor_other_gpus(tmp_path, world):
    with running(tmp_path / "state", world=world) as daemon:
        daemon.wait(lambda: daemon.value("aisec_gpu_power_watts", uuid=uuid(2)))
        change(world, hang={"nvmlDeviceGetMemoryInfo_v2": 30})
        daemon.wait(lambda: (daemon.value("aisec_gpu_read_age_seconds", uuid=uuid(2)) or 0) > 3)
        ages, scrapes = [], []
        for _ in range(10):
            begun = time.monotonic()
            daemon.get()
            scrapes.append(time.monotonic() - begun)
            ages.append(daemon.value("aisec_gpu_read_age_seconds", uuid=uuid(1)))
            time.sleep(0.3)

        assert max(scrapes) < 1.0
        assert max(ages) <= 2.0  # a period late at the most
        assert daemon.stop() == 0


def test_when_the_whole_driver_hangs_everything_else_goes_on(tmp_path, world):
    settings = tmp_path / "aisec.toml"
    settings.write_text("[detectors.blind]\nafter = 2\n[samplers.process]\nperiod = 0.5\n")
    scenario.write(world, scenario.node(gpus=4, init_hang=600.0))
    with running(tmp_path / "state", "--settings", str(settings), world=world) as daemon:
        daemon.wait(lambda: daemon.value("aisec_finding_open", rule="blind") == 1)
        before = daemon.value("aisec_upkeep_runs_total", part="sampler/process")
        daemon.wait(
            lambda: daemon.value("aisec_upkeep_runs_total", part="sampler/process") > before + 2
        )

        assert daemon.value("aisec_upkeep_age_seconds", part="sampler/process") < 3
        assert len(children(daemon.process.pid)) <= 2
        assert daemon.stop() == 0


def test_a_driver_that_was_upgraded_is_picked_up_by_a_fresh_child(tmp_path, world):
    with running(tmp_path / "state", world=world) as daemon:
        daemon.wait(lambda: daemon.value("aisec_gpu_info", uuid=uuid(0)))
        scenario.write(world, scenario.node(gpus=4, version="580.1", generation=2, stale_code=18))
        daemon.wait(lambda: daemon.value("aisec_gpu_info", uuid=uuid(0), driver_version="580.1"))


def test_usr1_lets_go_of_the_gpus_and_usr2_takes_them_back(tmp_path, world):
    with running(tmp_path / "state", world=world) as daemon:
        daemon.wait(lambda: daemon.value("aisec_gpu_power_watts", uuid=uuid(0)))
        assert children(daemon.process.pid)
        daemon.signal(signal.SIGUSR1)
        daemon.wait(lambda: not children(daemon.process.pid))
        daemon.wait(lambda: "eleased" in "\n".join(daemon.log))
        daemon.signal(signal.SIGUSR2)
        daemon.wait(lambda: children(daemon.process.pid))


def children(pid: int) -> list[str]:
    found = subprocess.run(["pgrep", "-P", str(pid)], capture_output=True, text=True, check=False)
    return found.stdout.split()


def test_hup_takes_good_settings_and_refuses_bad_ones(tmp_path, world):
    settings = tmp_path / "aisec.toml"
    settings.write_text("")
    with running(tmp_path / "state", "--settings", str(settings), world=world) as daemon:
        daemon.wait(lambda: daemon.value("aisec_gpu_power_watts", uuid=uuid(0)))
        settings.write_text("[detectors.gpu_vanished]\nenabled = false")
        daemon.signal(signal.SIGHUP)
        daemon.wait(lambda: any("settings reloaded" in line for line in daemon.log))
        daemon.wait(lambda: daemon.value("aisec_finding_open", rule="blind") == 0)
        assert daemon.value("aisec_finding_open", rule="gpu_vanished") is None
        runs = "aisec_upkeep_runs_total"
        daemon.wait(lambda: (daemon.value(runs, part="detector/blind") or 0) > 0)
        daemon.wait(lambda: daemon.value(runs, part="detector/gpu_vanished") is None)

        settings.write_text("[detectors.blnd]\nafter = 1")
        daemon.signal(signal.SIGHUP)
        refused = "the old settings stay in force"
        daemon.wait(lambda: any(refused in line and "blind" in line for line in daemon.log))
        daemon.wait(lambda: daemon.value("aisec_gpu_power_watts", uuid=uuid(0)))


def test_hup_changes_how_much_is_logged(tmp_path, world):
    settings = tmp_path / "aisec.toml"
    settings.write_text('log_level = "info"')
    with running(tmp_path / "state", "--settings", str(settings), world=world) as daemon:
        daemon.wait(lambda: daemon.value("aisec_gpu_power_watts", uuid=uuid(0)))
        for level in ("error", "info"):
            settings.write_text(f'log_level = "{level}"')
            daemon.signal(signal.SIGHUP)
            time.sleep(1.0)
        daemon.wait(lambda: any("settings reloaded" in line for line in daemon.log))

        assert sum("settings reloaded" in line for line in daemon.log) == 1


def test_without_a_driver_it_says_so_and_never_plays(tmp_path):
    settings = tmp_path / "aisec.toml"
    settings.write_text("[detectors.blind]\nafter = 1\n")
    with running(tmp_path / "state", "--settings", str(settings)) as daemon:
        daemon.wait(lambda: daemon.value("aisec_finding_open", rule="blind") == 1)

        assert "replayed" not in daemon.get()
        assert daemon.value("aisec_upkeep_failed_runs_total", part="sampler/gpu") > 0
        assert daemon.value("aisec_process_count", user="root") is not None or os.getuid() != 0


def test_a_read_that_never_returns_is_told_and_holds_up_neither_page_nor_stop(tmp_path):
    """A program can make whoever reads its command line wait for ever (memory of a FUSE file)."""
    tree = Tree(tmp_path)
    tree.add(7)
    (tree.proc / "7" / "cmdline").unlink()
    os.mkfifo(tree.proc / "7" / "cmdline")
    settings = tmp_path / "aisec.toml"
    settings.write_text("[detectors.blind]\nafter = 1\n[samplers.process]\nperiod = 0.2\n")
    arguments = ("--settings", str(settings), "--root", str(tmp_path))
    with running(tmp_path / "state", *arguments) as daemon:
        told = "sampler/process has had no good reading"
        daemon.wait(lambda: any(told in line for line in daemon.log))

        assert "aisec_upkeep_missed_runs_total" in daemon.get()
        assert not daemon.ready
        assert daemon.get("/-/healthy") == "healthy\n"
        assert daemon.stop() == 0


def test_the_demo_marks_every_series_and_shows_nothing_of_this_machine(tmp_path):
    with running(tmp_path / "state", "--demo") as daemon:
        daemon.wait(lambda: daemon.value("aisec_process_count", user="alice"))
        unmarked = [n for n, labels in daemon.series() if ("replayed", "demo") not in labels]
        users = {dict(labels).get("user") for _, labels in daemon.series()} - {None}

        assert unmarked == []
        assert users == {"alice", "svc-llm", "carol", "build"}
        assert any("replaying demo" in line for line in daemon.log)
    assert not (tmp_path / "state").exists()


def test_what_it_remembers_outlives_it(tmp_path, world):
    settings = tmp_path / "aisec.toml"
    settings.write_text("[detectors.gpu_vanished]\nafter = 2\n")
    known = ("--settings", str(settings))
    for _ in range(2):
        with running(tmp_path / "state", *known, world=world) as daemon:
            daemon.wait(lambda: daemon.value("aisec_gpu_power_watts", uuid=uuid(0)))
            assert daemon.stop() == 0
    fewer = scenario.node(gpus=3)
    scenario.write(world, fewer)
    with running(tmp_path / "state", *known, world=world) as daemon:
        daemon.wait(lambda: daemon.value("aisec_finding_open", rule="gpu_vanished") == 1)

        assert any(uuid(3) in line for line in daemon.log)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--listen", "nowhere"], "nowhere"),
        (["--settings", "/does/not/exist.toml"], "/does/not/exist.toml"),
    ],
)
def test_a_wrong_argument_is_one_sentence_and_exit_2(arguments, told):
    command = [sys.executable, "-m", "aisec_daemon", "run", *arguments]
    ended = subprocess.run(command, capture_output=True, text=True, check=False, timeout=20)

    assert ended.returncode == 2
    assert told in ended.stderr
    assert len(ended.stderr.splitlines()) == 1
