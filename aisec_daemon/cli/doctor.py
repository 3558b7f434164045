"""`aisec-daemon doctor`: what works here, and what to do about what does not."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from rich.console import Console

    from aisec_daemon.app.doctor.check import Check

_STYLES = {"ok": "green", "degraded": "yellow", "missing": "bold red", "unknown": "dim"}


def doctor(
    settings: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Settings file, TOML. Without one, defaults hold."),
    ] = None,
    root: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Where the node's /proc and /sys lie.")
    ] = None,
    json: Annotated[
        bool,
        typer.Option("--json", help="A list of {name, status, found, lost, remedy, main}."),
    ] = False,
) -> None:
    """Say what works here, and what mends the rest.

    For each part that does not work: what is lost without it, and the command that mends it. Run it
    as the user that runs the daemon, since rights differ. It changes nothing. A status is ok,
    degraded (works in part), missing, or unknown (could not be looked at, or is not there).

    Exit code 0: nothing is degraded. 1: something is. 2: wrong use. 3: a main sensor is missing,
    GPUs or processes.
    """
    from aisec_daemon.app.doctor.check import exit_code  # noqa: PLC0415 # help stays quick
    from aisec_daemon.app.doctor.examine import examine  # noqa: PLC0415
    from aisec_daemon.app.settings import SettingsError  # noqa: PLC0415
    from aisec_daemon.cli.screen import console, echo_json  # noqa: PLC0415 # run needs no rich

    try:
        checks = examine(settings, root)
    except SettingsError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from None
    if json:
        echo_json([{**vars(check), "status": check.status.value} for check in checks])
    else:
        _show(checks, console())
    raise typer.Exit(exit_code(checks))


def _show(checks: list[Check], console: Console) -> None:
    """Print a line a check; what is lost and what mends it below, a command never broken."""
    from rich.table import Table  # noqa: PLC0415 # help stays quick

    from aisec_daemon.cli.screen import text  # noqa: PLC0415

    for check in checks:
        line = Table.grid(padding=(0, 1, 0, 0))
        line.add_column(width=8)
        line.add_column(width=13)
        line.add_column(overflow="fold")
        status = check.status.value
        line.add_row(text(status, _STYLES[status]), text(check.name, "bold"), text(check.found))
        if check.lost:
            line.add_row("", "", text(f"lost: {check.lost}", "yellow"))
        console.print(line)
        if check.remedy:
            console.print(text(f"{'':23}mend: {check.remedy}", "cyan"), soft_wrap=True)
