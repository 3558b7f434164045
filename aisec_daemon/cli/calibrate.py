"""`aisec-daemon calibrate FILE…`: thresholds of drift for a fleet."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer


def calibrate(
    files: Annotated[list[Path], typer.Argument(help="Recordings, each of one node.")],
    output: Annotated[Path, typer.Option(help="Where to.")] = Path("drift-calibration.json"),
    settings: Annotated[Path | None, typer.Option(help="Settings file, TOML.")] = None,
    weekly: Annotated[
        float, typer.Option(min=1e-6, help="Show thresholds for this many a series-week.")
    ] = 1.0,
) -> None:
    """Calibrate drift on recordings of many nodes, for all of them.

    Plays each recording through the rule drift, pools the maxima of its scores by kind of series,
    and writes them to a file that every node may use: `calibration` in `[detectors.drift]`. The
    file has numbers and the names of columns, no word of a process, user or GPU. Record for days,
    on nodes that work as usual: what a recording holds counts as normal. Hours of all nodes are
    added up; a kind that has less than a day of them stays provisional.

    Exit code 0: written. 1: the file cannot be written. 2: wrong settings, no recording, or none
    that is long enough (a series counts after `learn` readings, in blocks of 300 s).
    """
    from aisec_daemon.app import calibration  # noqa: PLC0415 # help stays quick
    from aisec_daemon.app.progress import progress  # noqa: PLC0415
    from aisec_daemon.app.settings import SettingsError, load  # noqa: PLC0415
    from aisec_daemon.app.traces import TraceError, open_trace  # noqa: PLC0415

    try:
        chosen = load(settings)
        with progress(enabled=sys.stderr.isatty()) as advance:
            states = [calibration.learned(open_trace(file), chosen, advance) for file in files]
        kinds = calibration.write(output, states)
    except (SettingsError, TraceError, calibration.CalibrationError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from None
    except OSError as error:
        typer.echo(f"{output} cannot be written: {error.strerror}", err=True)
        raise typer.Exit(1) from None
    if not kinds:
        typer.echo("no recording is long enough: nothing was judged for a block of 300 s", err=True)
        raise typer.Exit(2)
    for line in calibration.lines(kinds, weekly):
        shown = "  ".join(f"{each:10.4g}" for each in line.thresholds)
        hours = f"{line.blocks:8} blocks in {line.watched_seconds / 3600:6.1f} h"
        early = "  provisional: less than a day" if line.provisional else ""
        typer.echo(f"{line.kind:44} {hours}  {shown}{early}")
    typer.echo(f"{output}: {len(states)} recordings, {len(kinds)} kinds of series")
