"""The vocabulary: plain data that every floor above speaks.

Table, Snapshot, View, Rule, Verdict, Finding, Evidence, Tick and Outbox; nothing here reads, waits
or decides.
"""

from aisec_daemon.model.allow import Allow
from aisec_daemon.model.evidence import Evidence
from aisec_daemon.model.finding import Change, Finding, Status
from aisec_daemon.model.outbox import Outbox
from aisec_daemon.model.rule import Read, Rule, Severity, State, StateShape, Verdict
from aisec_daemon.model.snapshot import Snapshot
from aisec_daemon.model.table import Column, Kind, Label, Table
from aisec_daemon.model.tick import Tick
from aisec_daemon.model.view import View

__all__ = [
    "Allow",
    "Change",
    "Column",
    "Evidence",
    "Finding",
    "Kind",
    "Label",
    "Outbox",
    "Read",
    "Rule",
    "Severity",
    "Snapshot",
    "State",
    "StateShape",
    "Status",
    "Table",
    "Tick",
    "Verdict",
    "View",
]
