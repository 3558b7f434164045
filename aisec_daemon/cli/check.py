"""`aisec-daemon check FILE`: whether a settings file is right."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def check(
    file: Annotated[Path, typer.Argument(help="The settings file, TOML.")],
) -> None:
    """Check a settings file.

    Names each wrong key, why it is wrong, and the nearest right one. Do so before a reload: the
    daemon keeps its old settings if the new ones are wrong. Exit code 0: good. 2: not.
    """
    from aisec_daemon.app.settings import SettingsError, load  # noqa: PLC0415 # help stays quick

    try:
        load(file)
    except SettingsError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from None
    typer.echo(f"{file}: good")
