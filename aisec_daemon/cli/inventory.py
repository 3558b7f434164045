"""`aisec-daemon inventory`: the AI workloads of this node."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from aisec_daemon.cli.findings import SETTINGS, STATE, refuse

if TYPE_CHECKING:
    from aisec_daemon.app.settings import Settings
    from aisec_daemon.model import Snapshot


def inventory(
    settings: SETTINGS = None,
    state: STATE = None,
    root: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Where the node's /proc, /sys and /etc lie.")
    ] = None,
    live: Annotated[
        bool, typer.Option(help="Look now, even if the daemon's journal has an inventory.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
    csv: Annotated[
        str, typer.Option(metavar="TABLE", help="One table as CSV: asset, listener, flow, posture.")
    ] = "",
    ml_bom: Annotated[
        bool, typer.Option("--ml-bom", help="A CycloneDX bill of materials, JSON.")
    ] = False,
) -> None:
    """Show the AI workloads of this node, who can reach them, and how they are locked up.

    Reads what the daemon saw last, from its journal; without one it looks itself, which takes some
    seconds and, for the processes of others, root. What is not as it was approved is marked.

    With --json: {"table", "time", "subject", …}, an object a row, null is unread. --ml-bom needs
    the extra: pip install 'aisec-daemon[bom]'.

    Exit code 0: shown. 1: nothing could be read. 2: wrong use.
    """
    if json + bool(csv) + ml_bom > 1:
        refuse("--json, --csv and --ml-bom exclude each other", 2)
    from aisec_daemon.app.settings import SettingsError, load  # noqa: PLC0415 # help stays quick

    given = {"state": state, "root": root}
    try:
        chosen = load(settings, **{name: path for name, path in given.items() if path is not None})
    except SettingsError as error:
        refuse(str(error), 2)
    tables, origin = _read(chosen, live=live or root is not None)
    if csv and csv not in tables:
        refuse(f"{csv!r} is none of the tables that were read: {', '.join(tables)}", 2)
    if json:
        _print_json(tables)
    elif csv:
        from aisec_daemon.app.inventory.plain import write_csv  # noqa: PLC0415

        write_csv(tables[csv], sys.stdout)
    elif ml_bom:
        _print_bom(chosen, tables)
    else:
        _show(chosen, tables, origin)


def _read(settings: Settings, *, live: bool) -> tuple[dict[str, Snapshot], str]:
    """Return the rows by table, and where they are from."""
    from aisec_daemon.app.asking import AskError, asked, clock  # noqa: PLC0415
    from aisec_daemon.app.inventory.kept import kept_rows, kept_tables  # noqa: PLC0415
    from aisec_daemon.app.once.look import look  # noqa: PLC0415

    if not live:
        try:
            with asked(settings.state) as db:
                tables = {rows.table.name: rows for rows in kept_rows(db)}
        except AskError:
            tables = {}
        if tables:
            oldest = min(rows.time for rows in tables.values())
            return tables, f"as the daemon saw it at {clock(oldest)} UTC, or later"
    seen = look(settings)
    names = [table.name for table in kept_tables()]
    for name in names:
        if name in seen.unreadable:
            typer.echo(f"{name}: {seen.unreadable[name]}", err=True)
    tables = {name: seen.tables[name] for name in names if name in seen.tables}
    if not tables:
        refuse("nothing could be read", 1)
    return tables, "as it is now"


def _print_json(tables: Mapping[str, Snapshot]) -> None:
    from aisec_daemon.app.inventory.plain import objects  # noqa: PLC0415
    from aisec_daemon.cli.screen import echo_json  # noqa: PLC0415

    for rows in tables.values():
        for each in objects(rows):
            echo_json(each)


def _print_bom(settings: Settings, tables: Mapping[str, Snapshot]) -> None:
    from aisec_daemon import __version__  # noqa: PLC0415
    from aisec_daemon.app.node import name_of  # noqa: PLC0415

    try:
        from aisec_daemon.app.inventory.ml_bom import ml_bom  # noqa: PLC0415
    except ModuleNotFoundError:
        refuse("--ml-bom needs cyclonedx-python-lib: pip install 'aisec-daemon[bom]'", 2)
    typer.echo(ml_bom(tables, name_of(settings.root), __version__))


def _show(settings: Settings, tables: Mapping[str, Snapshot], origin: str) -> None:
    from aisec_daemon.app.approved import ApprovalError, find  # noqa: PLC0415
    from aisec_daemon.cli.inventory_tables import show  # noqa: PLC0415 # run needs no rich
    from aisec_daemon.cli.screen import console  # noqa: PLC0415

    try:
        found = {name: find(settings.state, rows.table) for name, rows in tables.items()}
    except (OSError, ApprovalError) as error:
        typer.echo(str(error), err=True)
        found = {}
    approved = {name: rows for name, rows in found.items() if rows is not None}
    show(tables, approved, origin, console())
