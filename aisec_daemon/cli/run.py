"""`aisec-daemon run`: the daemon itself."""

from __future__ import annotations

import gc
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
    gc.disable()  # nothing that is imported is garbage; the daemon goes on with it
    from aisec_daemon.app import logs, player  # noqa: PLC0415 # help stays quick
    from aisec_daemon.app.daemon import Daemon  # noqa: PLC0415
    from aisec_daemon.app.settings import Settings, SettingsError, load  # noqa: PLC0415
    from aisec_daemon.app.web.config import WebConfigError  # noqa: PLC0415
    from aisec_daemon.app.web.server import WebServerError  # noqa: PLC0415
    from aisec_daemon.host.driver import has_driver  # noqa: PLC0415

    def read() -> Settings:
        return load(settings, listen=listen, state=state, root=root)

    try:
        read_now = read()
        logs.begin(read_now.log_level)
        tape = None
        if demo and not has_driver(read_now.root):
            typer.echo("There is no NVIDIA driver here: a bundled, simulated node is played.")
            tape = player.demo()
        Daemon(read_now, read, tape).run()
    except (SettingsError, WebConfigError, WebServerError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from None
