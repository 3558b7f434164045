"""Table `flow`: what AI workloads read, write and talk to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, ClassVar

import numpy as np

from aisec_daemon.host.host import Host
from aisec_daemon.model import Column, Kind, Label, Snapshot, Table
from aisec_daemon.model.snapshot import Word

if TYPE_CHECKING:
    from aisec_daemon.host.flow.rows import Row


@dataclass(frozen=True)
class Flow:
    """A row per AI workload and model, dataset or outside service; kept while the workload lives.

    Files of one kind in one folder are one row where they are many.
    """

    table: ClassVar[Table] = Table(
        "flow",
        "Models and datasets that AI workloads read and write, services that they talk to.",
        columns=(
            Column("open_files", "files of it that are open or mapped now"),
            Column("open_bytes", "their size; unread where a server would have to tell it"),
            Column("open_connections", "connections that are established now"),
            Column("first_seen_timestamp_seconds", "when it was seen first", Kind.TIMESTAMP),
            Column("last_seen_timestamp_seconds", "when it was seen last", Kind.TIMESTAMP),
            Column(
                "left_out_rows", "flows of its asset without room in the table; in its first row"
            ),
            Column(
                "unread_files", "open files of its asset that nobody looked at; in its first row"
            ),
        ),
        labels=(
            Label("asset", "the AI workload, as table asset names it"),
            Label("identity", "the AI workload's name that outlives a restart"),
            Label("kind", "model, dataset or service"),
            Label("target", "file, folder with the ending of its files, or address of a service"),
            Label("format", "ending of the files"),
            Label("direction", "read, write, both; out for a service"),
            Label("storage", "what files lie on: network, fuse, container, memory or local"),
            Label("file_system", "file system of the mount behind them"),
            Label("mount", "source of that mount, like a server's export"),
            Label("name", "what the service is called, where it is known"),
            Label("scope", "where the service is: private or public, empty if nobody connects"),
            Label(
                "evidence",
                "what tells of a service: connection, address range, resolved, argument, variable",
            ),
        ),
        series=("asset", "kind", "target", "direction", "name"),
        aggregate=("kind", "direction", "storage", "scope"),
        kept=True,
    )

    period: Annotated[float, "seconds between readings"] = 30.0
    resolve: Annotated[
        bool, "ask the node's resolver for the addresses of services, to name connections"
    ] = False

    def read(self, host: Host, time: float) -> Snapshot:
        """Read all flows; UnreadableError if those of no AI workload may be read."""
        rows = host.flows.read(time, resolve=self.resolve)
        values = np.array([_numbers(each) for each in rows], np.float64)
        words = [_words(each) for each in rows]
        labels = {name: tuple(each[name] for each in words) for name in self.table.label_names}
        shape = len(rows), len(self.table.columns)
        subjects = tuple(each.subject for each in rows)
        return Snapshot(self.table, time, subjects, values.reshape(shape), labels)


def _numbers(row: Row) -> tuple[float, ...]:
    return row.files, row.size, row.connections, row.first, row.last, row.left_out, row.unread


def _words(row: Row) -> dict[str, Word]:
    target = row.target
    return {
        "asset": row.asset,
        "identity": row.identity,
        "kind": target.kind,
        "target": row.text,
        "format": target.format,
        "direction": row.direction,
        "storage": target.storage.kind,
        "file_system": target.storage.file_system,
        "mount": target.storage.source,
        "name": target.name,
        "scope": target.scope,
        "evidence": target.evidence,
    }
