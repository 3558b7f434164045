"""`aisec-daemon export`: the journal as OCSF events."""

from __future__ import annotations

from typing import Annotated

import typer

from aisec_daemon.cli.findings import SETTINGS, STATE, chosen, refuse


def export(
    since: Annotated[
        str, typer.Option(metavar="TIME", help="Only what happened since: 30m, 2h, 7d, 2027-01-31.")
    ] = "",
    finding: Annotated[
        str, typer.Option(metavar="ID", help="Only of this finding, by its whole id.")
    ] = "",
    settings: SETTINGS = None,
    state: STATE = None,
) -> None:
    """Write what happened as JSON lines, each an OCSF Detection Finding (class 2004).

    One line for every opening, change and closing, in order, with the evidence. `finding_info.uid`
    is the finding's id; `metadata.uid` names the line, the same whenever it is exported. Techniques
    of ATT&CK and ATLAS are in `finding_info.attacks`; what the schema has no place for in
    `unmapped`. The output is ASCII. Exit code 1: the journal cannot be read. 2: wrong use.
    """
    from aisec_daemon import __version__  # noqa: PLC0415 # help stays quick
    from aisec_daemon.app.asking import AskError, MomentError, asked, moment  # noqa: PLC0415
    from aisec_daemon.app.clock import Clock  # noqa: PLC0415
    from aisec_daemon.app.node import name_of  # noqa: PLC0415
    from aisec_daemon.journal.reading import changes  # noqa: PLC0415
    from aisec_daemon.model.ocsf import Source, event, line  # noqa: PLC0415

    try:
        begin = moment(since, Clock().now(), -1) if since else float("-inf")
        found = chosen(settings, state)
        source = Source(name_of(found.root), __version__)
        with asked(found.state) as db:
            for seq, change in changes(db, finding, begin):
                typer.echo(line(event(change, seq, source)))
    except MomentError as error:
        refuse(f"--since: {error}", 2)
    except AskError as error:
        refuse(str(error), 1)
