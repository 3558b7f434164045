"""Variables say what the settings file says, and go before it."""

from __future__ import annotations

import pytest

from aisec_daemon.app.environment import merged, parse_variables
from aisec_daemon.app.settings import SettingsError, load, model

MODEL = model()


def parsed(**variables):
    return parse_variables(MODEL, variables)


def test_a_variable_is_a_key_in_its_section_whatever_its_case():
    assert parsed(AISEC_LISTEN="[::1]:1", aisec_detectors__Blind__AFTER="70") == {
        "listen": "[::1]:1",
        "detectors": {"blind": {"after": "70"}},
    }


def test_other_programs_variables_are_left_out():
    assert parsed(AISEC_FAKE_NVML="/x", LISTEN="a", AISEC="b", XAISEC_LISTEN="c") == {}


def test_what_holds_several_values_is_json():
    said = parsed(
        AISEC_SINKS__ALERTMANAGER__URLS='["http://a:1"]',
        AISEC_ALLOW='[{"rule": "mining"}]',
        AISEC_HOST__OUTPUTS__LLM="/run/llm",
        AISEC_BUDGET__SHED='[["flow"]]',
    )

    assert said == {
        "sinks": {"alertmanager": {"urls": ["http://a:1"]}},
        "allow": [{"rule": "mining"}],
        "host": {"outputs": {"llm": "/run/llm"}},
        "budget": {"shed": [["flow"]]},
    }


def test_one_key_goes_before_its_whole_section():
    said = parsed(
        AISEC_HOST='{"connector": true, "processes_max": 2000}', AISEC_HOST__CONNECTOR="0"
    )

    assert said == {"host": {"connector": "0", "processes_max": 2000}}


def test_a_number_that_looks_like_json_stays_a_word():
    assert parsed(AISEC_LISTEN="1", AISEC_WEB_CONFIG="2") == {"listen": "1", "web_config": "2"}


def test_nested_settings_are_merged_key_by_key():
    under = {"a": {"x": 1, "y": 2}, "b": 1, "c": {"z": 1}}

    assert merged(under, {"a": {"x": 3}, "b": {"w": 1}, "c": 2}) == {
        "a": {"x": 3, "y": 2},
        "b": {"w": 1},
        "c": 2,
    }
    assert under == {"a": {"x": 1, "y": 2}, "b": 1, "c": {"z": 1}}


def test_arguments_go_before_variables_and_these_before_the_file(tmp_path, monkeypatch):
    file = tmp_path / "aisec.toml"
    file.write_text('listen = "a:1"\nlog_level = "error"\n[host]\nconnector = false\n')
    monkeypatch.setenv("AISEC_LISTEN", "b:2")
    monkeypatch.setenv("AISEC_LOG_LEVEL", "debug")
    monkeypatch.setenv("AISEC_HOST__PROCESSES_MAX", "2048")
    settings = load(file, listen="c:3", state=None)

    assert (settings.listen, settings.log_level) == ("c:3", "debug")
    assert (settings.host.connector, settings.host.processes_max) == (False, 2048)


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("AISEC_HOST__CONECTOR", "1", "host.conector: no such key; did you mean 'host.connector'?"),
        ("AISEC_SINKS__ALERTMANAGER__URLS", "http://a:1", "sinks.alertmanager.urls: "),
        ("AISEC_HOST", "[1]", "host: "),
        ("AISEC_LISTEN__PORT", "1", "listen: "),
    ],
)
def test_a_mistake_in_a_variable_is_told_by_its_key(monkeypatch, name, text, told):
    monkeypatch.setenv(name, text)

    with pytest.raises(SettingsError) as error:
        load(None)
    assert str(error.value).startswith(told)
