"""`aisec-daemon findings`: what was found, from the journal."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer
from typer.core import TyperGroup

if TYPE_CHECKING:
    from aisec_daemon.app.settings import Settings
    from aisec_daemon.journal.reading import Wanted
    from aisec_daemon.model import Finding


class _AnIdIsShown(TyperGroup):
    """`findings ID` means `findings show ID`: an id is what a notification brings."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:  # as the parent has it
        """Return the command that the words ask for."""
        words = args if args[0] in self.commands else ["show", *args]
        return super().resolve_command(ctx, words)


findings = typer.Typer(cls=_AnIdIsShown, rich_markup_mode=None)

SETTINGS = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="Settings file, TOML. Without one, defaults hold."),
]
STATE = Annotated[
    Path | None, typer.Option(metavar="DIR", help="Where the daemon keeps its journal.")
]


@findings.callback(invoke_without_command=True)
def everything(
    context: typer.Context,
    settings: SETTINGS = None,
    state: STATE = None,
    rule: Annotated[str, typer.Option(help="Only findings of this rule.")] = "",
    status: Annotated[
        str, typer.Option(help="Only those that are open, closed or pending; or all.")
    ] = "open",
    severity: Annotated[
        str, typer.Option(help="Only those as severe or more: info, warning, high, critical.")
    ] = "info",
    since: Annotated[
        str, typer.Option(metavar="TIME", help="Only those seen since: 30m, 2h, 7d, 2027-01-31.")
    ] = "",
    user: Annotated[str, typer.Option(help="Only those whose process is this user's.")] = "",
    json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
) -> None:
    """List findings; those that are open, unless other ones are asked for.

    Reads the journal, the daemon running or not; it is the daemon's own file, so be root or the
    daemon's user. `aisec-daemon findings ID` shows one whole.

    With --json: id, rule, status, severity, key, subjects, score, peak, since, opened, closed,
    reason, facts, labels, allowed, technique, acknowledged; null is unread, times are seconds since
    1970. Exit code 0 whatever is found. 1: the journal cannot be read. 2: wrong use.
    """
    if context.invoked_subcommand is not None:
        return
    from aisec_daemon.app.asking import AskError, asked  # noqa: PLC0415 # help stays quick
    from aisec_daemon.cli.findings_list import show_list  # noqa: PLC0415 # run needs no rich
    from aisec_daemon.journal.reading import acknowledgements  # noqa: PLC0415
    from aisec_daemon.journal.reading import findings as read  # noqa: PLC0415

    wanted = _wanted(rule, status, severity, since, user)
    try:
        with asked(chosen(settings, state).state) as db:
            show_list(list(read(db, wanted)), acknowledgements(db), json=json)
    except AskError as error:
        refuse(str(error), 1)


@findings.command()
def show(
    name: Annotated[str, typer.Argument(metavar="ID", help="Its id, or how it begins.")],
    settings: SETTINGS = None,
    state: STATE = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Show one finding whole: facts, words, what happened, who saw it, and the evidence.

    Of numbers that have a past there is a picture, from the least to the greatest value.

    With --json: as `findings --json` has it, with `changes` (time, what, and the evidence: rows as
    they were judged, and their past). Exit code 1: the journal cannot be read. 2: there is no such
    finding, or more than one.
    """
    from aisec_daemon.app.asking import AskError, asked  # noqa: PLC0415 # help stays quick
    from aisec_daemon.cli.findings_page import show_one  # noqa: PLC0415 # run needs no rich
    from aisec_daemon.journal.reading import acknowledgements, changes, find  # noqa: PLC0415

    try:
        with asked(chosen(settings, state).state) as db:
            finding = only(find(db, name), name)
            happened = [change for _, change in changes(db, finding.id)]
            show_one(finding, happened, acknowledgements(db, finding.id), json=json)
    except AskError as error:
        refuse(str(error), 1)


def chosen(settings: Path | None, state: Path | None) -> Settings:
    """Return the settings; exit 2 if they are wrong."""
    from aisec_daemon.app.settings import SettingsError, load  # noqa: PLC0415 # help stays quick

    try:
        return load(settings, state=state)
    except SettingsError as error:
        refuse(str(error), 2)


def only(found: list[Finding], name: str) -> Finding:
    """Return the one finding there is; exit 2 if there is none, or more than one."""
    if not found:
        refuse(f"there is no finding {name}", 2)
    if len(found) > 1:
        refuse(f"{name} may be any of: {', '.join(each.id for each in found[:10])}", 2)
    return found[0]


def refuse(sentence: str, code: int) -> NoReturn:
    """Say why not, safe to print, and exit."""
    from aisec_daemon.app.telling import printable  # noqa: PLC0415 # help stays quick

    for line in sentence.splitlines():
        typer.echo(printable(line), err=True)
    raise typer.Exit(code)


def _wanted(rule: str, status: str, severity: str, since: str, user: str) -> Wanted:
    """Return what is asked for; exit 2 if it is no question."""
    from aisec_daemon.app.asking import MomentError, moment  # noqa: PLC0415 # help stays quick
    from aisec_daemon.app.clock import Clock  # noqa: PLC0415
    from aisec_daemon.journal.reading import Wanted  # noqa: PLC0415
    from aisec_daemon.model import Severity, Status  # noqa: PLC0415

    severities = [each.word for each in Severity]
    statuses = [each.value for each in Status]
    if severity not in severities:
        refuse(f"--severity is one of {', '.join(severities)}", 2)
    if status not in (*statuses, "all"):
        refuse(f"--status is one of {', '.join(statuses)}, all", 2)
    try:
        begin = moment(since, Clock().now(), -1) if since else float("-inf")
    except MomentError as error:
        refuse(f"--since: {error}", 2)
    least = Severity[severity.upper()]
    return Wanted(rule, "" if status == "all" else status, least, begin, user)
