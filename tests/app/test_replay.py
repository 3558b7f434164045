"""Replay is the live step: same input, same findings, whoever feeds it."""

from __future__ import annotations

import gzip
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from aisec_daemon.app import catalogue
from aisec_daemon.app.player import bundled
from aisec_daemon.app.replay import Totals, Watcher, replay
from aisec_daemon.app.settings import load
from aisec_daemon.app.state import keep, restore
from aisec_daemon.app.traces import open_trace
from aisec_daemon.cli import app
from aisec_daemon.journal.store import Store
from aisec_daemon.pipeline.pipeline import Pipeline
from tests.daemon import FAKE_SITE, ROOT, running
from tests.fake_nvml import scenario
from tests.systemd.manager import eventually

CSV = """timestamp, index, power.draw [W], utilization.gpu [%]
2026/11/23 10:00:00.000, 0, 300.00 W, 97 %
2026/11/23 10:00:01.000, 0, 301.00 W, 98 %
garbage
2026/11/23 10:00:02.000, 0, [N/A], 99 %
"""
KEYS = {
    *("time", "rule", "status", "severity", "key"),
    *("subjects", "score", "reason", "facts", "id", "allowed"),
}


@pytest.fixture
def recording(tmp_path) -> Path:
    path = tmp_path / "demo.jsonl.gz"
    path.write_bytes(gzip.compress(bundled()))
    return path


def played(path: Path) -> list:
    changes = []
    replay(open_trace(path), load(None), Watcher(changes.append), Totals())
    return changes


def test_the_same_recording_twice_gives_the_same_findings(recording):
    first, second = (
        [(c.time, c.what, c.finding.id, c.finding.reason) for c in played(recording)]
        for _ in range(2)
    )

    assert first == second
    assert len(first) >= 3


def test_replay_from_a_saved_state_equals_an_uninterrupted_one(recording, tmp_path):
    uninterrupted = [(c.time, c.what, c.finding.id) for c in played(recording)]
    trace = open_trace(recording)
    told, (store, _) = [], Store.open(tmp_path / "journal.db", 0.0)

    def fresh() -> Pipeline:
        return Pipeline(catalogue.tables(), load(None).enabled("detectors"), trace.periods)

    pipeline = fresh()
    for at, snapshot in enumerate(trace.snapshots()):
        if at == 460:  # a GPU is blind and not yet said to be gone
            store.write([], keep(pipeline, snapshot.time), {})
            after = fresh()
            assert restore(store.read(snapshot.time)[0], after) == ""
            for table in catalogue.tables():  # what the samplers read again within a period
                if (latest := pipeline.latest(table)) is not None:
                    after.step(latest)
            pipeline = after
        told += [(c.time, c.what, c.finding.id) for c in pipeline.step(snapshot).changes]

    store.close()
    assert told == uninterrupted


def gpus(file):
    """Return of how many GPUs each snapshot tells; what is not on the disk yet is left out."""
    if not file.exists() or not file.stat().st_size:
        return []
    return [len(s.subjects) for s in open_trace(file).snapshots() if s.table.name == "gpu"]


def test_a_recording_made_live_equals_its_replay(tmp_path):
    world, file, settings = (tmp_path / n for n in ("world.json", "node.gz", "aisec.toml"))
    scenario.write(world, scenario.node(gpus=2))
    settings.write_text("[detectors.blind]\nafter = 1.5\n[detectors.gpu_vanished]\nafter = 1\n")
    command = [sys.executable, "-m", "aisec_daemon", "record", str(file)]
    with (tmp_path / "told").open("w") as told:
        live = subprocess.Popen(
            [*command, "--settings", str(settings)],
            env={**os.environ, "PYTHONPATH": str(FAKE_SITE), "AISEC_FAKE_NVML": str(world)},
            cwd=ROOT,
            stdout=told,
        )
    eventually(lambda: 2 in gpus(file))
    lost = scenario.node(gpus=2)
    lost["gpus"][1]["code"] = 15
    scenario.write(world, lost)
    eventually((tmp_path / "told").read_text)
    live.send_signal(signal.SIGINT)
    live.wait(timeout=20)
    told = (tmp_path / "told").read_text().splitlines()
    again = CliRunner().invoke(app, ["replay", str(file), "--settings", str(settings)])

    assert live.returncode == 0
    assert len(told) >= 2
    assert told[:-1] == again.stdout.splitlines()[:-1]


def test_json_lines_have_stable_keys_and_end_in_totals(recording):
    result = CliRunner().invoke(app, ["replay", "--json", str(recording)])
    *changes, totals = [json.loads(line) for line in result.stdout.splitlines()]

    assert result.exit_code == 0
    assert all(set(change) == KEYS for change in changes)
    assert {change["status"] for change in changes} == {"opened", "changed", "closed"}
    assert totals == {
        "snapshots": len(bundled().splitlines()) - 1,  # the header is none
        "seconds": 149.0,
        "bad_lines": 0,
        "findings": [change["status"] for change in changes].count("opened"),
    }
    assert totals["findings"] >= 3


def test_a_log_of_nvidia_smi_is_played_and_its_bad_lines_named(tmp_path):
    log = tmp_path / "gpu.csv"
    log.write_text(CSV)
    result = CliRunner().invoke(app, ["replay", "--json", str(log)])

    assert result.exit_code == 0
    assert json.loads(result.stdout.splitlines()[-1]) == {
        "snapshots": 3,
        "seconds": 2.0,
        "bad_lines": 1,
        "findings": 0,
    }
    assert f"{log}:4:" in result.stderr


def test_a_file_that_is_nothing_of_the_kind_is_refused_in_one_sentence(tmp_path):
    file = tmp_path / "notes.txt"
    file.write_text("milk, bread\n")
    result = CliRunner().invoke(app, ["replay", str(file)])

    assert result.exit_code == 2
    assert len(result.stderr.splitlines()) == 1
    assert str(file) in result.stderr


def test_it_is_served_live_and_every_series_is_marked(recording, tmp_path):
    with running(tmp_path / "state", command=["replay", str(recording), "--speed", "1"]) as daemon:
        daemon.wait(lambda: daemon.value("aisec_gpu_power_watts", uuid=demo_uuid(0)))
        marks = {dict(labels).get("replayed") for _, labels in daemon.series()}

    assert marks == {recording.name}


def demo_uuid(index: int) -> str:
    return f"GPU-{index:08x}-0000-4000-8000-00000000demo"


@pytest.mark.parametrize("suffix", [".png", ".html"])
def test_a_case_can_be_drawn(recording, tmp_path, suffix):
    picture = tmp_path / f"case{suffix}"
    result = CliRunner().invoke(app, ["replay", str(recording), "--plot", str(picture)])

    assert result.exit_code == 0
    content = picture.read_bytes()
    if suffix == ".png":
        assert content.startswith(b"\x89PNG")
        assert len(content) > 50_000
    else:
        page = content.decode()
        assert "was last seen 10 s ago" in page
        assert "<svg" in page
        assert "<script" not in page
        assert "src=" not in page


def test_a_picture_of_no_known_format_is_refused_before_anything_is_played(recording, tmp_path):
    result = CliRunner().invoke(app, ["replay", str(recording), "--plot", str(tmp_path / "x.doc")])

    assert result.exit_code == 2
    assert ".png" in result.stderr
    assert result.stdout == ""


def test_a_missing_library_is_named_with_the_command_that_brings_it(
    recording, tmp_path, monkeypatch
):
    """Into this very environment; and never by a name that anyone might register."""
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    result = CliRunner().invoke(app, ["replay", str(recording), "--plot", str(tmp_path / "x.png")])

    assert result.exit_code == 2
    assert (
        result.stderr == f"pictures need matplotlib: {sys.executable} -m pip install matplotlib\n"
    )


def test_every_table_goes_through_a_file_unchanged(recording):
    rows = dict.fromkeys(catalogue.tables(), 0)
    for snapshot in open_trace(recording).snapshots():
        rows[snapshot.table.name] += len(snapshot.subjects)
        assert not np.isinf(snapshot.values).any()

    assert {name for name, count in rows.items() if count} >= {"gpu", "gpu_process", "upkeep"}
