"""`aisec-daemon profiles`: what drift remembers."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from aisec_daemon.detectors.drift.sharing import Profile


def profiles(
    settings: Annotated[Path | None, typer.Option(help="Settings file, TOML.")] = None,
    state: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Where memory lives between restarts.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
) -> None:
    """Show what is remembered of each workload and each GPU.

    A line for each series: how many readings it was learned from, when it was last seen, and its
    tenth, its median and its ninth tenth. Reads what the daemon saved, at most a minute old, and
    changes nothing. With --json: owner, words, kind, samples, seen, low, median, high.

    Exit code 0: shown. 1: there is no memory that can be read. 2: wrong settings.
    """
    from aisec_daemon.app.profiles import ProfilesError, load_profiles  # noqa: PLC0415
    from aisec_daemon.app.settings import SettingsError, load  # noqa: PLC0415 # help stays quick
    from aisec_daemon.model.jsontext import dumps  # noqa: PLC0415

    try:
        found = load_profiles(load(settings, state=state))
    except SettingsError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from None
    except ProfilesError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None
    owner = ""
    for profile in found:
        if json:
            typer.echo(dumps(profile._asdict()).decode())
            continue
        if profile.owner != owner:
            owner = profile.owner
            typer.echo(_heading(profile))
        typer.echo(_line(profile))


def _heading(profile: Profile) -> str:
    from aisec_daemon.app.telling import printable  # noqa: PLC0415 # help stays quick

    words = [f"{name} {word}" for name, word in profile.words.items() if word]
    return printable(f"{profile.owner}  {', '.join(words)}".rstrip())


def _line(profile: Profile) -> str:
    from datetime import datetime, timezone  # noqa: PLC0415 # help stays quick

    seen = datetime.fromtimestamp(profile.seen, timezone.utc).strftime("%Y-%m-%d %H:%M UTC")
    law = (
        f"{profile.low:.4g} … {profile.median:.4g} … {profile.high:.4g}"
        if profile.learned
        else "nothing learned yet"
    )
    return f"  {profile.kind:40} {profile.samples:9} readings, last {seen}  {law}"
