"""A fleet's calibration: from recordings to a file, and from it into every node's thresholds."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest
from typer.testing import CliRunner

from aisec_daemon.app import calibration, catalogue, state
from aisec_daemon.app.settings import SettingsError, load
from aisec_daemon.cli import app
from aisec_daemon.detectors.drift import Drift, budget, ledger
from aisec_daemon.journal.journal import Journal
from aisec_daemon.model import Snapshot
from aisec_daemon.model.exposition import Board
from aisec_daemon.model.recording import Encoder
from aisec_daemon.pipeline.pipeline import Pipeline

BEGIN = 1_790_000_000.0
TABLES = catalogue.tables()
PERIODS = {"gpu": 1.0, "gpu_process": 1.0}


def seconds(count, seed=0):
    """A node on which one program works, table by table."""
    noise = np.random.default_rng(seed)
    for second in range(count):
        time = BEGIN + second
        power = 300 + 3 * noise.normal()
        gpu = {"power_watts": power, "utilization_ratio": 0.9, "temperature_celsius": 60.0}
        words = {"name": "H100", "kind": "gpu", "uuid": "GPU-a"}
        yield Snapshot.from_rows(TABLES["gpu"], time, {"GPU-a": (gpu, words)})
        process = {"memory_used_bytes": 2e9, "sm_utilization_ratio": 0.9}
        words = {"uuid": "GPU-a", "executable": "/opt/a\x1bb", "user": "ada", "container": ""}
        yield Snapshot.from_rows(
            TABLES["gpu_process"], time, {"GPU-a/1:2": (process, {**words, "process": "1:2"})}
        )


def recording(path, count, seed=0):
    encoder = Encoder()
    lines = [encoder.header("node", PERIODS, {name: TABLES[name] for name in PERIODS})]
    lines += [encoder.encode(snapshot) for snapshot in seconds(count, seed)]
    path.write_bytes(b"".join(line if line.endswith(b"\n") else line + b"\n" for line in lines))
    return str(path)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("fleet")
    (folder / "aisec.toml").write_text("[detectors.drift]\nlearn = 120\nsettle = 0\n")
    return folder


@pytest.fixture(scope="module")
def calibrated(folder):
    files = [recording(folder / f"{at}.jsonl", 1000, seed=at) for at in range(2)]
    arguments = ["--output", str(folder / "fleet.json"), "--settings", str(folder / "aisec.toml")]
    return CliRunner().invoke(app, ["calibrate", *files, *arguments])


def pipeline(drift):
    return Pipeline(TABLES, [drift], PERIODS)


def test_recordings_become_a_file_without_a_word_of_a_process(folder, calibrated):
    text = (folder / "fleet.json").read_text()
    kinds = json.loads(text)["kinds"]

    assert calibrated.exit_code == 0, calibrated.output
    assert re.search(
        r"^power_watts +4 blocks in +0.3 h .* provisional", calibrated.output, re.MULTILINE
    )
    assert kinds["power_watts"]["novelty"]["blocks"] == 4
    assert len(kinds["power_watts"]["shift"]["largest"]) == 4
    for word in ("ada", "/opt", "GPU-a", "H100"):
        assert word not in text


def test_a_node_takes_its_thresholds_from_the_file(folder, calibrated):
    many = json.loads((folder / "fleet.json").read_text())
    scores = {"blocks": 5000, "largest": np.linspace(1, 9, 200).tolist()}
    kind = {"spans": 288, **dict.fromkeys(("novelty", "shift", "distance"), scores)}
    many["kinds"] = {"power_watts": kind}
    (folder / "many.json").write_text(json.dumps(many))
    given = pipeline(Drift(calibration=str(folder / "many.json")))
    fault = calibration.install(given)
    book = ledger.Ledger(given.states["drift"], 100)
    (novelty, *_) = budget.thresholds(book, ["power_watts"], 0.01)["power_watts"]

    assert fault == ""
    assert [pool.blocks for pool in budget.pools(book, "power_watts")] == [5000]
    assert budget.calibrated(book, "power_watts")
    assert 6.9 < novelty < 7.1


def test_another_file_replaces_the_first(folder, calibrated):
    given = pipeline(Drift(calibration=str(folder / "fleet.json")))
    calibration.install(given)
    calibration.install(given)
    again = pipeline(Drift())
    again.states["drift"] = given.states["drift"]
    calibration.install(again)

    book = ledger.Ledger(given.states["drift"], 100)
    assert [(pool.blocks, pool.spans) for pool in budget.pools(book, "power_watts")] == [(4, 4)]
    assert not [key for key in again.states["drift"].keys if key.startswith(budget.FLEET)]


@pytest.mark.parametrize(
    "text",
    ["", "[]", '{"aisec_drift_calibration": 9, "kinds": {}}', '{"aisec_drift_calibration": 2}'],
)
def test_a_file_that_is_none_is_refused_in_a_sentence(folder, text):
    (folder / "wrong.json").write_text(text)
    given = pipeline(Drift(calibration=str(folder / "wrong.json")))

    assert "calibrated on this node alone" in calibration.install(given)


def test_a_file_that_breaks_is_no_longer_used(folder, calibrated):
    file = folder / "later.json"
    file.write_text((folder / "fleet.json").read_text())
    given = pipeline(Drift(calibration=str(file)))
    assert calibration.install(given) == ""
    file.write_text('{"aisec_drift_calibration": 2, "kinds": {"power_watts": {"novelty": 5}}}')

    assert "node alone" in calibration.install(given)
    assert not [key for key in given.states["drift"].keys if key.startswith(budget.FLEET)]


def test_a_replay_with_a_calibration_that_is_missing_says_so(folder):
    (folder / "no.toml").write_text('[detectors.drift]\ncalibration = "/nowhere"\n')
    file = recording(folder / "short.jsonl", 5)
    done = CliRunner().invoke(app, ["replay", file, "--settings", str(folder / "no.toml")])

    assert done.exit_code == 2
    assert "/nowhere cannot be read" in done.output


def test_a_recording_that_is_too_short_calibrates_nothing(folder):
    file = recording(folder / "short.jsonl", 50)
    done = CliRunner().invoke(app, ["calibrate", file, "--output", str(folder / "none.json")])

    assert done.exit_code == 2
    assert "long enough" in done.output


def test_profiles_show_what_was_learned_and_no_escape_codes(folder, tmp_path):
    given = pipeline(Drift(learn=120, settle=0))
    for snapshot in seconds(200):
        given.step(snapshot)
    journal = Journal(tmp_path, BEGIN, load(None).journal.limits(), Board())
    journal.keep(state.keep(given, BEGIN + 200))
    journal.close()
    shown = CliRunner().invoke(app, ["profiles", "--state", str(tmp_path)])
    lines = CliRunner().invoke(app, ["profiles", "--state", str(tmp_path), "--json"]).output
    rows = {row["kind"]: row for row in map(json.loads, lines.splitlines())}

    assert shown.exit_code == 0
    assert "executable /opt/a\\x1bb, gpu_model H100, user ada" in shown.output
    assert re.search(r"power_watts +200 readings, last 2026-09-21 .* 29\d.* … 30\d", shown.output)
    assert rows["power_watts"]["words"]["user"] == "ada"
    assert 298 < rows["power_watts"]["median"] < 302


def test_profiles_of_nothing_say_why(tmp_path):
    done = CliRunner().invoke(app, ["profiles", "--state", str(tmp_path / "none")])

    assert done.exit_code == 1
    assert "cannot be read" in done.output


def test_settings_refuse_what_drift_refuses(folder):
    (folder / "bad.toml").write_text("[detectors.drift]\nlearn = 3\n")

    with pytest.raises(SettingsError, match="learn must be 120"):
        load(folder / "bad.toml")
