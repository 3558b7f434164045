"""docs/cli.md is the program's own help; completion works; the daemon needs no rich."""

from __future__ import annotations

import os
import subprocess
import sys

import typer.main
from typer.testing import CliRunner

from aisec_daemon.cli import app, command_line
from tests.daemon import ROOT

PAGE = ROOT / "docs/cli.md"
HEAD = """# Command line

Made from the program's own help by `make golden`; a test holds it current. `aisec-daemon --help`
and `aisec-daemon COMMAND --help` say the same; `aisec-daemon --install-completion` teaches your
shell to complete commands and options.
"""


def commands() -> dict:
    """Return every command by its name, `findings show` among them."""
    found = {}
    for name, command in typer.main.get_command(app).commands.items():
        found[name] = command
        below = getattr(command, "commands", {})
        found.update({f"{name} {word}": each for word, each in below.items()})
    return found


def page() -> str:
    return "\n".join([HEAD, *(section(name, command) for name, command in commands().items())])


def section(name: str, command) -> str:
    arguments = [p for p in command.params if p.param_type_name == "argument"]
    usage = " ".join(
        [
            "aisec-daemon",
            name,
            *(shown(p) + ("…" if p.nargs == -1 else "") for p in arguments),
        ]
    )
    rows = [row(parameter) for parameter in command.params]
    return "\n".join(
        [
            f"## {name}\n",
            f"    {usage} [OPTIONS]\n",
            command.help.replace("<", "\\<").strip() + "\n",
            "| option | meaning |",
            "| --- | --- |",
            *rows,
            "",
        ]
    )


def shown(argument) -> str:
    return argument.metavar or argument.name.upper()


def row(parameter) -> str:
    if parameter.param_type_name == "argument":
        named = f"`{shown(parameter)}`"
    else:
        value = "" if parameter.is_flag else f" {parameter.metavar or parameter.name.upper()}"
        named = ", ".join(f"`{name}{value}`" for name in parameter.opts)
    return f"| {named} | {parameter.help} |"


def test_docs_cli_is_current(request):
    made = page()
    if request.config.getoption("--renew"):
        PAGE.write_text(made, "utf-8")

    assert made == PAGE.read_text("utf-8"), "review `make golden`"


def test_every_command_and_option_has_a_word_of_help():
    dumb = [
        f"{name} {parameter.name}"
        for name, command in commands().items()
        for parameter in command.params
        if not parameter.help
    ]

    assert len(commands()) > 6
    assert dumb == []
    assert [name for name, command in commands().items() if not command.help] == []


def complete(words: str, at: int) -> list[str]:
    env = {
        **os.environ,
        "_AISEC_DAEMON_COMPLETE": "complete_bash",
        "COMP_WORDS": words,
        "COMP_CWORD": str(at),
    }
    command = [sys.executable, "-m", "aisec_daemon"]
    done = subprocess.run(command, capture_output=True, text=True, env=env, cwd=ROOT, check=False)
    return done.stdout.split()


def test_commands_and_options_are_completed():
    assert complete("aisec-daemon d", 1) == ["doctor"]
    assert complete("aisec-daemon once --j", 2) == ["--json"]


def test_a_running_daemon_needs_no_rich():
    code = "import sys, aisec_daemon.cli, aisec_daemon.app.daemon; sys.exit('rich' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False)

    assert done.returncode == 0


def test_the_demo_is_asked_for_or_there_is_none():
    """One way: whoever installs the service need not switch anything off."""
    refused = CliRunner().invoke(app, ["run", "--no-demo"])

    assert refused.exit_code == 2
    assert "--no-demo" in refused.output


def test_a_command_imports_none_of_the_others():
    code = (
        "import sys, aisec_daemon.cli as cli; cli.command_line(['run']);"
        "print(*(name for name in cli.COMMANDS if f'aisec_daemon.cli.{name}' in sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )

    assert done.stdout.split() == ["run"]


def test_a_command_alone_understands_what_it_does_among_all():
    alone = CliRunner().invoke(command_line(["doctor"]), ["doctor", "--help"])
    among = CliRunner().invoke(app, ["doctor", "--help"])

    assert alone.exit_code == 0
    assert alone.output == among.output
