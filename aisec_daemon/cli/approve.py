"""`aisec-daemon approve`: what runs here now is what should."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from aisec_daemon.cli.ack import who
from aisec_daemon.cli.findings import SETTINGS, STATE, chosen, refuse

if TYPE_CHECKING:
    from pathlib import Path

    from aisec_daemon.model import Snapshot


def approve(
    tables: Annotated[
        list[str] | None, typer.Argument(metavar="[TABLE]…", help="All that rules compare.")
    ] = None,
    reason: Annotated[str, typer.Option(help="Why this is as it should be.")] = "",
    dry_run: Annotated[bool, typer.Option(help="Show the difference, approve nothing.")] = False,
    settings: SETTINGS = None,
    state: STATE = None,
) -> None:
    """Approve what the daemon saw last: from now on rules tell of what differs from it.

    Takes the rows from the journal, shows how they differ from those approved before, and writes
    them to STATE/approved, one file a table. The daemon notices within half a minute. The
    files may be carried to other nodes that should run the same.

    Exit code 0: done, or nothing differs. 1: the journal or the file cannot be used. 2: wrong use.
    """
    from aisec_daemon.app import approved  # noqa: PLC0415 # help stays quick
    from aisec_daemon.app.clock import Clock  # noqa: PLC0415
    from aisec_daemon.app.inventory.kept import kept_tables  # noqa: PLC0415

    known = [table.name for table in kept_tables() if table.identity]
    wanted = tables or known
    for name in wanted:
        if name not in known:
            refuse(f"{name!r} is no table that is compared: {', '.join(known)}", 2)
    if not reason.strip() and not dry_run:
        refuse("--reason is missing", 2)
    folder = chosen(settings, state).state
    rows = _seen(folder, wanted)
    now = Clock().now()
    try:
        for name in wanted:
            _show(folder, rows[name])
            if not dry_run:
                file = approved.write(folder, approved.Approval(rows[name], now, who(), reason))
                typer.echo(f"{name}: {len(rows[name].subjects)} rows approved in {file}")
    except approved.ApprovalError as error:
        refuse(f"{error}; remove it to approve anew", 1)
    except OSError as error:
        refuse(str(error), 1)


def _seen(folder: Path, wanted: list[str]) -> dict[str, Snapshot]:
    """Return what the daemon saw last of each table; what it never read is nothing to approve."""
    from aisec_daemon.app.asking import AskError, asked  # noqa: PLC0415
    from aisec_daemon.app.inventory.kept import kept_rows  # noqa: PLC0415

    try:
        with asked(folder) as db:
            rows = {each.table.name: each for each in kept_rows(db)}
    except AskError as error:
        refuse(str(error), 1)
    for name in wanted:
        if name not in rows:
            refuse(f"the daemon has not read table {name} yet: is the sampler on?", 1)
    return rows


def _show(folder: Path, rows: Snapshot) -> None:
    """Print how rows differ from those approved before, one a line."""
    from aisec_daemon.app.approved import find  # noqa: PLC0415
    from aisec_daemon.app.telling import printable  # noqa: PLC0415
    from aisec_daemon.model.baseline import difference  # noqa: PLC0415

    before = find(folder, rows.table) or type(rows).from_rows(rows.table, rows.time, {})
    found = difference(rows, before)
    for row in found.new:
        typer.echo(f"+ {_called(rows, row)}")
    for row, added in found.changed.items():
        more = "; ".join(f"{label}: {items}" for label, items in added.items())
        typer.echo(f"~ {_called(rows, row)}: {printable(more)}")
    for row in found.gone:
        typer.echo(f"- {_called(before, row)}")


def _called(rows: Snapshot, row: int) -> str:
    """Return the words that tell a row from others."""
    from aisec_daemon.app.telling import printable  # noqa: PLC0415

    words = (rows.labels[label][row] for label in rows.table.series)
    return printable(" ".join(word for word in words if word))
