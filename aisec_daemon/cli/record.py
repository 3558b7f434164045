"""`aisec-daemon record FILE`: this node into a file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def record(
    file: Annotated[Path, typer.Argument(help="Where to; what is there is appended to.")],
    seconds: Annotated[
        float | None, typer.Option(min=0, help="How long. Without it, until Ctrl-C.")
    ] = None,
    settings: Annotated[Path | None, typer.Option(help="Settings file, TOML.")] = None,
    root: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Where the node's /proc and /sys lie.")
    ] = None,
) -> None:
    """Record this node into a file.

    The file is gzip and may be appended to; a crash costs its last five seconds. It holds process
    names, users and command lines; secrets in them are replaced before they get there. Findings
    are told while it records, and a replay of the file tells the same.
    """
    import signal  # noqa: PLC0415 # help stays quick
    from threading import Event  # noqa: PLC0415

    from aisec_daemon.app import logs  # noqa: PLC0415
    from aisec_daemon.app import recorder as recording  # noqa: PLC0415
    from aisec_daemon.app.settings import SettingsError, load  # noqa: PLC0415
    from aisec_daemon.app.telling import as_sentence  # noqa: PLC0415
    from aisec_daemon.model import Tick  # noqa: PLC0415

    def tell(tick: Tick) -> None:
        for change in tick.changes:
            typer.echo(as_sentence(change))

    stopping = Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopping.set())
    try:
        chosen = load(settings, root=root)
        logs.begin(chosen.log_level)
        written = recording.record(chosen, file, seconds, stopping, tell)
    except SettingsError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from None
    except OSError as error:
        typer.echo(f"{file} cannot be written: {error.strerror}", err=True)
        raise typer.Exit(1) from None
    typer.echo(f"{written} snapshots in {file}")
