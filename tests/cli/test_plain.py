"""`run` plainly written means what the command line makes of it."""

from __future__ import annotations

from inspect import signature

import pytest
import typer.main
from hypothesis import given
from hypothesis import strategies as st

from aisec_daemon.app import running
from aisec_daemon.cli.commands import app
from aisec_daemon.cli.plain import options_of_run

RUN = typer.main.get_command(app).commands["run"]
NAMES = ("--settings", "--listen", "--state", "--root", "--demo", "--help", "--stat", "-l", "--")
WORDS = st.one_of(
    st.sampled_from(NAMES),
    st.sampled_from(("/a", "a=b", "", "-", "127.0.0.1:1")),
    st.builds("{}={}".format, st.sampled_from(NAMES), st.sampled_from(("/a", "", "b=c", "-x"))),
)


def understood(words):
    """Return the options that the command line takes these words for."""
    context = RUN.make_context("run", list(words))
    return {name: value for name, value in context.params.items() if value not in (None, False)}


@given(st.lists(WORDS, max_size=5))
def test_what_is_understood_is_what_the_command_line_understands(words):
    options = options_of_run(["run", *words])

    assert options is None or options == understood(words)


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["--demo"],
        ["--settings", "/etc/aisec.toml"],
        ["--state=/var/lib/x", "--listen", "[::1]:9837", "--root", "/host"],
    ],
)
def test_what_services_write_is_understood(words):
    options = options_of_run(["run", *words])

    assert options == understood(words)
    assert options.keys() <= signature(running.run).parameters.keys()


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["once"],
        ["--help"],
        ["run", "--help"],
        ["run", "--listen"],
        ["run", "--listen", "--demo"],
        ["run", "--demo=yes"],
        ["run", "/etc/aisec.toml"],
        ["run", "--stat", "/a"],
    ],
)
def test_everything_else_is_left_to_the_command_line(words):
    assert options_of_run(words) is None
