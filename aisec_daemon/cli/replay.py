"""`aisec-daemon replay FILE…`: what would have been found."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from aisec_daemon.app.picture import Picture
    from aisec_daemon.app.replay import Totals
    from aisec_daemon.app.settings import Settings
    from aisec_daemon.app.traces import Trace


def replay(
    files: Annotated[list[Path], typer.Argument(help="Recordings or logs of nvidia-smi.")],
    settings: Annotated[Path | None, typer.Option(help="Settings file, TOML.")] = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
    period: Annotated[
        float | None, typer.Option(metavar="SECONDS", help="Between polls, if the log has no time.")
    ] = None,
    plot: Annotated[
        Path | None, typer.Option(help="Draw series, scores and findings (.png, .svg or .html).")
    ] = None,
    speed: Annotated[
        float | None, typer.Option(help="Serve it live at this pace; 1 is as it was.")
    ] = None,
    listen: Annotated[
        str | None, typer.Option(metavar="HOST:PORT", help="Where --speed serves it.")
    ] = None,
) -> None:
    """Play a recording or a log through the detectors.

    Reads what `aisec-daemon record` wrote and what nvidia-smi logs: --query-gpu=… --format=csv,
    dmon and pmon, also as gzip. Lines that cannot be read are counted and named, never fatal.

    With --json: an object for every opening, change and closing of a finding (time, rule, status,
    severity, key, subjects, score, reason, facts, id, allowed), and a last one with totals
    (snapshots, seconds, bad_lines, findings). Exit code 0 whatever is found, 2 for a file that is
    no recording and no log.
    """
    from aisec_daemon.app.settings import SettingsError, load  # noqa: PLC0415 # help stays quick
    from aisec_daemon.app.traces import TraceError, open_trace  # noqa: PLC0415

    try:
        chosen = load(settings, listen=listen)
        traces = [open_trace(file, period) for file in files]
        if speed is not None:
            _serve(traces, chosen, speed)
        else:
            _play(traces, chosen, json, plot)
    except (SettingsError, TraceError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from None


def _play(traces: list[Trace], settings: Settings, json: bool, plot: Path | None) -> None:
    """Play at full speed, telling what is found as it is found."""
    from aisec_daemon.app.progress import progress  # noqa: PLC0415 # rich is not needed by run
    from aisec_daemon.app.replay import Totals, Watcher, complaints, replay  # noqa: PLC0415
    from aisec_daemon.app.telling import as_json, as_sentence, printable  # noqa: PLC0415

    picture = _picture(plot)
    totals = Totals()
    with progress(enabled=sys.stderr.isatty()) as advance:
        for trace in traces:
            watcher = Watcher(
                change=lambda change: typer.echo(as_json(change) if json else as_sentence(change)),
                tick=advance,
            )
            if picture is not None:
                picture.watch(watcher)
            replay(trace, settings, watcher, totals)
            for line in complaints(trace):
                typer.echo(printable(line), err=True)
    if picture is not None and plot is not None:
        picture.save(plot)
    _close(totals, json)


def _picture(plot: Path | None) -> Picture | None:
    """Return a picture to be drawn into, None if none is wanted; exit 2 if it cannot be drawn."""
    if plot is None:
        return None
    from aisec_daemon.app.picture import Picture, PictureError  # noqa: PLC0415 # needs matplotlib

    try:
        return Picture.for_file(plot)
    except PictureError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from None


def _close(totals: Totals, json: bool) -> None:
    """Print the totals."""
    import orjson  # noqa: PLC0415 # help stays quick

    if json:
        typer.echo(orjson.dumps(totals).decode())
    else:
        typer.echo(
            f"{totals.snapshots} snapshots over {totals.seconds:.0f} s, "
            f"{totals.bad_lines} bad lines, {totals.findings} findings"
        )


def _serve(traces: list[Trace], settings: Settings, speed: float) -> None:
    """Play at a pace, on the metrics page, every series marked."""
    from aisec_daemon.app import logs  # noqa: PLC0415 # help stays quick
    from aisec_daemon.app.daemon import Daemon  # noqa: PLC0415
    from aisec_daemon.app.player import Tape  # noqa: PLC0415
    from aisec_daemon.app.web.server import WebServerError  # noqa: PLC0415

    logs.begin(settings.log_level)
    try:
        for trace in traces:
            tape = Tape(trace.path.name, trace.periods, trace.snapshots, speed)
            Daemon(settings, lambda: settings, tape).run()
    except WebServerError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from None
