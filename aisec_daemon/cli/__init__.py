"""The command line: one file per command."""

from __future__ import annotations

import logging
import os
import sys
import threading
from collections.abc import Sequence
from importlib import import_module
from time import monotonic

import typer

_THREADS_SECONDS = 1.0
_POOL = "ThreadPoolExecutor"  # Python waits for the threads of a pool, daemon or not
COMMANDS = (
    *("run", "once", "findings", "ack", "inventory", "approve", "export", "check", "doctor"),
    *("record", "replay", "profiles", "calibrate"),
)
"""Each is what the file of its name calls so."""


def command_line(names: Sequence[str]) -> typer.Typer:
    """Return the command line with some of the commands; those of others are not imported."""
    made = typer.Typer(
        help="Watches GPUs and the processes behind them, and says what is wrong.",
        no_args_is_help=True,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
    )
    made.callback()(_together)
    for name in names:
        command = getattr(import_module(f"aisec_daemon.cli.{name}"), name)
        if isinstance(command, typer.Typer):
            made.add_typer(command, name=name)
        else:
            made.command()(command)
    return made


def _together() -> None:
    """Keep a single command one of several: typer would take it for the whole program."""


def __getattr__(name: str) -> typer.Typer:
    """Return the whole command line as `app`."""
    if name != "app":
        raise AttributeError(name)
    return command_line(COMMANDS)


def main() -> None:
    """Run the command that the arguments name."""
    try:
        named = [word for word in sys.argv[1:2] if word in COMMANDS]
        command_line(named or COMMANDS)(prog_name="aisec-daemon")
    except SystemExit as end:
        _leave(end.code if isinstance(end.code, int) else 1)
        raise


def _leave(code: int) -> None:
    """End at once if a thread hangs in a read that never returns: Python would wait for it."""
    end = monotonic() + _THREADS_SECONDS
    for thread in threading.enumerate():
        waited_for = not thread.daemon or thread.name.startswith(_POOL)
        if waited_for and thread is not threading.main_thread():
            thread.join(max(end - monotonic(), 0.0))
            if thread.is_alive():
                logging.shutdown()
                sys.stdout.flush()
                sys.stderr.flush()
                os._exit(code)
