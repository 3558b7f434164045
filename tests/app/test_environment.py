"""Variables say what the settings file says, and go before it."""

from __future__ import annotations

import pytest

from aisec_daemon.app.settings import SettingsError, load


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
    ],
)
def test_a_mistake_in_a_variable_is_told_by_its_key(monkeypatch, name, text, told):
    monkeypatch.setenv(name, text)

    with pytest.raises(SettingsError) as error:
        load(None)
    assert str(error.value).startswith(told)
