"""`aisec-daemon run`: the daemon itself."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from aisec_daemon.app.settings import Settings
    from aisec_daemon.host.nvml.client import Nvml

_SWITCH_SECONDS = 0.0005  # of a thread before others may go on: a scrape waits several times


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
    sys.setswitchinterval(_SWITCH_SECONDS)
    gc.disable()  # nothing that is imported is garbage; the daemon goes on with it
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # its threads spin, and have nothing to do
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")  # it would look for some
    from aisec_daemon.host.nvml.client import Nvml  # noqa: PLC0415 # help stays quick
    from aisec_daemon.host.tally import Tally  # noqa: PLC0415

    nvml = Nvml(Tally())
    if not demo:
        nvml.begin()  # its process wakes up while the rest is imported
    from aisec_daemon.app import logs  # noqa: PLC0415
    from aisec_daemon.app.settings import SettingsError, load  # noqa: PLC0415

    def read() -> Settings:
        return load(settings, listen=listen, state=state, root=root)

    try:
        read_now = read()
    except SettingsError as error:
        nvml.close()
        raise _refused(error) from None
    logs.begin(read_now.log_level)
    _watch(read_now, read, nvml, demo=demo)


def _watch(settings: Settings, reread: Callable[[], Settings], nvml: Nvml, *, demo: bool) -> None:
    """Run the daemon."""
    from aisec_daemon.app import player  # noqa: PLC0415
    from aisec_daemon.app.daemon import Daemon  # noqa: PLC0415
    from aisec_daemon.app.web.refused import WebConfigError  # noqa: PLC0415
    from aisec_daemon.app.web.server import WebServerError  # noqa: PLC0415
    from aisec_daemon.host.driver import has_driver  # noqa: PLC0415

    nvml.arrange(
        patience_seconds=settings.host.gpu_patience_seconds,
        release_seconds=settings.host.gpu_release_seconds,
    )
    playing = demo and not has_driver(settings.root)
    if playing:
        typer.echo("There is no NVIDIA driver here: a bundled, simulated node is played.")
    try:
        Daemon(settings, reread, player.demo() if playing else None, nvml).run()
    except (WebConfigError, WebServerError) as error:
        raise _refused(error) from None


def _refused(error: Exception) -> typer.Exit:
    """Say why the daemon does not begin."""
    typer.echo(str(error), err=True)
    return typer.Exit(2)
