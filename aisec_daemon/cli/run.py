"""`aisec-daemon run`: the daemon itself."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def run(
    settings: Annotated[
        Path | None, typer.Option(help="Settings file, TOML. Without one, defaults hold.")
    ] = None,
    listen: Annotated[
        str | None, typer.Option(metavar="HOST:PORT", help="Where the metrics page is served.")
    ] = None,
    state: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Where memory lives between restarts.")
    ] = None,
    root: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Where the node's /proc and /sys lie.")
    ] = None,
    demo: Annotated[
        bool,
        typer.Option("--demo", help="Without an NVIDIA driver, play a bundled, simulated node."),
    ] = False,
) -> None:
    """Watch this node until stopped.

    Metrics are for Prometheus, findings go to the log as well. Needs no settings, and no root; what
    an ordinary user cannot see, `aisec-daemon doctor` says.

    Signals: HUP reads the settings again, USR1 lets go of the GPUs (so that one can be reset),
    USR2 takes them back, TERM stops. Exit code 0: stopped. 2: wrong settings, address in use.
    """
    from aisec_daemon.app import running  # noqa: PLC0415 # help stays quick

    code = running.run(settings=settings, listen=listen, state=state, root=root, demo=demo)
    raise typer.Exit(code)
