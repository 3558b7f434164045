"""The command line: one file per command, all of them in `commands`."""

from __future__ import annotations

import logging
import os
import sys
import threading
from time import monotonic

from aisec_daemon.cli import plain

_THREADS_SECONDS = 1.0
_TURN = "turn "  # what the names of threads begin with that read the node


def main() -> None:
    """Run the command that the arguments name."""
    try:
        _command(sys.argv[1:])
    except SystemExit as end:
        _leave(end.code if isinstance(end.code, int) else 1)
        raise


def _command(words: list[str]) -> None:
    """Run the daemon, if that is plainly asked for; everything else waits for the command line."""
    options = plain.options_of_run(words)
    if options is None:
        from aisec_daemon.cli.commands import app  # noqa: PLC0415 # a tenth of the daemon's start

        app(prog_name="aisec-daemon")
        return
    from aisec_daemon.app.running import run  # noqa: PLC0415

    try:
        code = run(**options)
    except KeyboardInterrupt:  # before it listens to signals
        code = 1
    raise SystemExit(code)


def _leave(code: int) -> None:
    """Let threads that read end first; if one hangs in a read that never returns, end at once."""
    end = monotonic() + _THREADS_SECONDS
    for thread in threading.enumerate():
        waited_for = not thread.daemon or thread.name.startswith(_TURN)
        if waited_for and thread is not threading.main_thread():
            thread.join(max(end - monotonic(), 0.0))
            if thread.is_alive():
                logging.shutdown()
                sys.stdout.flush()
                sys.stderr.flush()
                os._exit(code)
