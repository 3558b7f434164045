"""`aisec-daemon ack ID`: somebody has seen a finding."""

from __future__ import annotations

import getpass
import math
import os
from contextlib import suppress
from typing import Annotated

import typer

from aisec_daemon.cli.findings import SETTINGS, STATE, chosen, only, refuse


def ack(
    name: Annotated[str, typer.Argument(metavar="ID", help="Its id, or how it begins.")],
    reason: Annotated[str, typer.Option(help="What is known or done about it.")],
    expires: Annotated[
        str, typer.Option(metavar="TIME", help="Until when that holds: 8h, 7d, 2027-01-31.")
    ] = "",
    settings: SETTINGS = None,
    state: STATE = None,
) -> None:
    """Note that you have seen a finding.

    It is recorded in the journal and shown beside the finding, with your name. It silences nothing:
    silences are made in Alertmanager, lasting exceptions with [[allow]] in the settings.

    Exit code 1: the journal cannot be read or written. 2: there is no such finding, or wrong use.
    """
    from aisec_daemon.app.asking import AskError, MomentError, asked, moment, note  # noqa: PLC0415
    from aisec_daemon.app.clock import Clock  # noqa: PLC0415 # help stays quick
    from aisec_daemon.journal.reading import Acknowledgement, find  # noqa: PLC0415

    now = Clock().now()
    try:
        end = moment(expires, now, 1) if expires else math.nan
        if end <= now:
            refuse("--expires lies in the past", 2)
        if not reason.strip():
            refuse("--reason is empty", 2)
        folder = chosen(settings, state).state
        with asked(folder) as db:
            finding = only(find(db, name), name)
        note(folder, Acknowledgement(finding.id, now, who(), reason, end))
    except MomentError as error:
        refuse(f"--expires: {error}", 2)
    except AskError as error:
        refuse(str(error), 1)
    typer.echo(f"noted; to keep {finding.rule.name} quiet, silence it in Alertmanager")


def who() -> str:
    """Return who asks: behind sudo, who called it."""
    if os.geteuid() == 0 and os.environ.get("SUDO_USER"):
        return os.environ["SUDO_USER"]
    with suppress(KeyError, OSError):
        return getpass.getuser()
    return f"uid {os.getuid()}"
