"""Settings: where they come from, and how a wrong one is told."""

from __future__ import annotations

import dataclasses
from datetime import datetime, timezone

import pytest
from typer.testing import CliRunner

from aisec_daemon.app import catalogue
from aisec_daemon.app.settings import SettingsError, load
from aisec_daemon.cli import app

PERMIT = """
[[allow]]
rule = "blind"
subject = "gpu/*"
reason = "reset every night"
owner = "ops"
expires = 2027-01-31
"""


@pytest.fixture
def file(tmp_path):
    def write(text: str):
        path = tmp_path / "aisec.toml"
        path.write_text(text, encoding="utf-8")
        return path

    return write


def test_without_a_file_every_plug_in_runs_with_its_defaults():
    settings = load(None)

    names = [d.rule.name for d in settings.enabled("detectors")]
    assert names == list(catalogue.detectors())
    assert [s.table.name for s in settings.enabled("samplers")] == list(catalogue.samplers())
    assert settings.listen == "127.0.0.1:9837"


def test_a_section_sets_the_fields_of_its_plug_in(file):
    settings = load(file("[detectors.blind]\nafter = 60\n[samplers.gpu]\nenabled = false"))

    (blind,) = (d for d in settings.enabled("detectors") if d.rule.name == "blind")
    assert blind.after == 60.0
    assert "gpu" not in [s.table.name for s in settings.enabled("samplers")]


def test_a_field_may_be_a_list_of_words(file, monkeypatch):
    section = '[detectors.gpu_unscheduled]\nusers = ["ada", "svc-*"]\n'
    assert load(file(section)).detectors.gpu_unscheduled.build().users == ("ada", "svc-*")

    monkeypatch.setenv("AISEC_DETECTORS__GPU_UNSCHEDULED__USERS", '["eve"]')
    assert load(file(section)).detectors.gpu_unscheduled.build().users == ("eve",)

    monkeypatch.delenv("AISEC_DETECTORS__GPU_UNSCHEDULED__USERS")
    with pytest.raises(SettingsError, match=r"detectors\.gpu_unscheduled\.users"):
        load(file('[detectors.gpu_unscheduled]\nusers = "ada"\n'))


def test_arguments_go_before_variables_before_the_file(file, monkeypatch):
    path = file('listen = "127.0.0.1:1"\nlog_level = "error"\n[detectors.blind]\nafter = 60')
    monkeypatch.setenv("AISEC_LOG_LEVEL", "debug")
    monkeypatch.setenv("AISEC_DETECTORS__BLIND__AFTER", "70")
    settings = load(path, listen="127.0.0.1:2")

    (blind,) = (d for d in settings.enabled("detectors") if d.rule.name == "blind")
    assert (settings.listen, settings.log_level, blind.after) == ("127.0.0.1:2", "debug", 70.0)


def test_an_exception_ends_at_the_midnight_of_its_day(file):
    (permit,) = load(file(PERMIT)).allow

    assert permit.allow().expires == datetime(2027, 1, 31, tzinfo=timezone.utc).timestamp()
    assert permit.allow().subject == "gpu/*"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("lisen = 'x'", ["lisen", "'listen'"]),
        ("[detectors.blnd]\nafter = 1", ["detectors.blnd", "'detectors.blind'"]),
        ("[detectors.blind]\naftr = 1", ["detectors.blind.aftr", "'detectors.blind.after'"]),
        ("[samplers.gpu]\nperiod = 'soon'", ["samplers.gpu.period", "number"]),
        ("[samplers.gpu]\nperiod = inf", ["samplers.gpu.period", "finite"]),
        ("[detectors.blind]\nafter = -1", ["detectors.blind", "more than 0"]),
        ("log_level = 'loud'", ["log_level", "'warning'"]),
        ("[host]\nconector = true", ["host.conector", "'host.connector'"]),
        ("listen = = 1", ["aisec.toml", "line 1"]),
        (PERMIT.replace('"blind"', '"blond"'), ["allow.0", "'blond' does not exist"]),
        (PERMIT.replace("subject", "subjct"), ["allow.0.subjct", "subject"]),
        (PERMIT.replace('subject = "gpu/*"', ""), ["allow.0", "at least one of"]),
        (PERMIT.replace("2027-01-31", '"soon"'), ["allow.0.expires"]),
    ],
)
def test_what_is_wrong_is_named_with_the_nearest_right_key(file, text, told):
    path = file(text)
    with pytest.raises(SettingsError) as refusal:
        load(path)
    for words in told:
        assert words in str(refusal.value)

    result = CliRunner().invoke(app, ["check", str(path)])
    assert result.exit_code == 2
    assert told[0] in result.output
    assert "Traceback" not in result.output


def test_every_mistake_is_told_at_once(file):
    with pytest.raises(SettingsError) as refusal:
        load(file("lisen = 'x'\n[detectors.blind]\naftr = 1"))

    assert len(str(refusal.value).splitlines()) == 2


def test_a_missing_file_is_an_error_and_a_good_one_is_said_to_be(file, tmp_path):
    missing = CliRunner().invoke(app, ["check", str(tmp_path / "none.toml")])
    assert missing.exit_code == 2

    good = CliRunner().invoke(app, ["check", str(file(PERMIT))])
    assert (good.exit_code, "good" in good.output) == (0, True)


@pytest.mark.parametrize("kind", ["samplers", "detectors", "sinks"])
def test_every_field_of_every_plug_in_has_a_word_of_help(kind):
    sections = getattr(load(None), kind)
    for name, section in sections:
        for key, field in type(section).model_fields.items():
            assert field.description, f"{kind}.{name}.{key}"


def test_plug_ins_are_frozen_dataclasses_named_after_their_files():
    kinds = (catalogue.samplers(), catalogue.detectors(), catalogue.sinks())
    for plugin in [plugin for kind in kinds for plugin in kind.values()]:
        assert plugin.__dataclass_params__.frozen
        assert dataclasses.is_dataclass(plugin)


def test_an_operators_marks_of_miners_are_read_and_their_mistakes_named(file, tmp_path):
    marks = tmp_path / "marks.toml"
    path = file(f"[host]\nindicators = '{marks}'\n")
    with pytest.raises(SettingsError, match=r"host\.indicators: .*marks\.toml: No such file"):
        load(path)

    marks.write_text("[sources]\nus = 'seen'\n[[name]]\nname = 'foominer'\nsorce = 'us'\n")
    result = CliRunner().invoke(app, ["check", str(path)])
    assert result.exit_code == 2
    assert "host.indicators: " in result.output
    assert "name 1: sorce: no such key" in result.output

    marks.write_text("[sources]\nus = 'seen'\n[[name]]\nname = 'foominer'\nsource = 'us'\n")
    matcher = load(path).host.matcher()
    assert matcher.match(b"foominer", b"/a", b"") == "name/foominer"
    assert matcher.match(b"xmrig", b"/a", b"") == "name/xmrig"
    assert load(None).host.matcher().match(b"foominer", b"/a", b"") == ""
