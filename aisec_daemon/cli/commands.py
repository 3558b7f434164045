"""All commands."""

from __future__ import annotations

import typer

from aisec_daemon.cli.ack import ack
from aisec_daemon.cli.approve import approve
from aisec_daemon.cli.calibrate import calibrate
from aisec_daemon.cli.check import check
from aisec_daemon.cli.doctor import doctor
from aisec_daemon.cli.export import export
from aisec_daemon.cli.findings import findings
from aisec_daemon.cli.inventory import inventory
from aisec_daemon.cli.once import once
from aisec_daemon.cli.profiles import profiles
from aisec_daemon.cli.record import record
from aisec_daemon.cli.replay import replay
from aisec_daemon.cli.run import run

app = typer.Typer(
    help="Watches GPUs and the processes behind them, and says what is wrong.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
app.command()(run)
app.command()(once)
app.add_typer(findings, name="findings")
app.command()(ack)
app.command()(inventory)
app.command()(approve)
app.command()(export)
app.command()(check)
app.command()(doctor)
app.command()(record)
app.command()(replay)
app.command()(profiles)
app.command()(calibrate)
