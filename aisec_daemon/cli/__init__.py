"""The command line: one file per command."""

from __future__ import annotations

import logging
import os
import sys
import threading
from time import monotonic

import typer

from aisec_daemon.cli.ack import ack
from aisec_daemon.cli.approve import approve
from aisec_daemon.cli.calibrate import calibrate
from aisec_daemon.cli.check import check
from aisec_daemon.cli.doctor import doctor
from aisec_daemon.cli.export import export
from aisec_daemon.cli.findings import findings
from aisec_daemon.cli.inventory import inventory
from aisec_daemon.cli.once import once
from aisec_daemon.cli.profiles import profiles
from aisec_daemon.cli.record import record
from aisec_daemon.cli.replay import replay
from aisec_daemon.cli.run import run

_THREADS_SECONDS = 1.0
_POOL = "ThreadPoolExecutor"  # Python waits for the threads of a pool, daemon or not
app = typer.Typer(
    help="Watches GPUs and the processes behind them, and says what is wrong.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
app.command()(run)
app.command()(once)
app.add_typer(findings, name="findings")
app.command()(ack)
app.command()(inventory)
app.command()(approve)
app.command()(export)
app.command()(check)
app.command()(doctor)
app.command()(record)
app.command()(replay)
app.command()(profiles)
app.command()(calibrate)


def main() -> None:
    """Run the command that the arguments name."""
    try:
        app(prog_name="aisec-daemon")
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
