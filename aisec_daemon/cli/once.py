"""`aisec-daemon once`: one look at the node."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def once(
    settings: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Settings file, TOML. Without one, defaults hold."),
    ] = None,
    root: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Where the node's /proc and /sys lie.")
    ] = None,
    json: Annotated[
        bool, typer.Option("--json", help="One JSON object with every row; null is unread.")
    ] = False,
    show_all: Annotated[
        bool, typer.Option("--all", help="Show every process of the node, not only those on GPUs.")
    ] = False,
) -> None:
    """Look once at GPUs, processes and findings.

    Shows who is on each GPU, what is past a rule's line, told or not yet, and what could not be
    read. Takes about two seconds, since rates need two readings. Writes nothing, disturbs no daemon
    that runs, and knows no past: rules that compare with yesterday have nothing to say here.

    With --json: {"time", "tables": {name: [row]}, "unreadable": {name: sentence}, "findings"}.
    A row has its subject, numbers, words, and <counter>_per_second.

    Exit code 0: all was read and nothing is past the line. 1: a finding is past the line that no
    exception permits. 2: wrong use. 3: nothing is, but something could not be read.
    """
    from aisec_daemon.app.once.look import look  # noqa: PLC0415 # help stays quick
    from aisec_daemon.app.once.plain import as_plain  # noqa: PLC0415
    from aisec_daemon.app.settings import SettingsError, load  # noqa: PLC0415
    from aisec_daemon.cli.once_tables import show  # noqa: PLC0415 # run needs no rich
    from aisec_daemon.cli.screen import console, echo_json  # noqa: PLC0415

    try:
        chosen = load(settings, root=root)
    except SettingsError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from None
    seen = look(chosen)
    if json:
        echo_json(as_plain(seen))
    else:
        show(seen, console(), every_process=show_all)
    raise typer.Exit(seen.exit_code)
