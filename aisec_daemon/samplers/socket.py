"""Table `socket`: whom the programs on GPUs talk to, and how much."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, ClassVar

import numpy as np

from aisec_daemon.host.host import Host
from aisec_daemon.model import Column, Kind, Label, Snapshot, Table
from aisec_daemon.model.snapshot import Word

if TYPE_CHECKING:
    from aisec_daemon.host.network.sockets import OwnedSocket


@dataclass(frozen=True)
class Socket:
    """A row per TCP socket of a program on a GPU; how many bytes went where the kernel tells it."""

    table: ClassVar[Table] = Table(
        "socket",
        "TCP sockets of programs on GPUs.",
        columns=(
            Column("sent_bytes", "bytes sent, without what was sent again", Kind.COUNTER),
            Column("received_bytes", "bytes received", Kind.COUNTER),
            Column("received_age_seconds", "time since data was last received"),
            Column("sent_age_seconds", "time since data was last sent"),
            Column("first_seen_timestamp_seconds", "when the daemon first saw it", Kind.TIMESTAMP),
        ),
        labels=(
            Label("process", "the process, as table process names it"),
            Label("state", "established, listen or other"),
            Label("local_address", "its own address"),
            Label("local_port", "its own port"),
            Label("peer_address", "the peer's address"),
            Label("peer_port", "the peer's port"),
            Label("peer_scope", "where the peer is: loopback, private, public or none"),
            Label(
                "grain",
                "tcp_info in the daemon's network namespace; proc in others: bytes are unknown",
            ),
        ),
        series=("process", "local_port", "peer_address", "peer_port"),
        aggregate=("state", "peer_scope", "grain"),
    )

    period: Annotated[float, "seconds between readings"] = 5.0

    def read(self, host: Host, time: float) -> Snapshot:
        """Read all sockets; UnreadableError if it cannot be told whose they are."""
        sockets = host.sockets.read(time)
        values = np.array([_numbers(each) for each in sockets], np.float64)
        rows = [_words(each) for each in sockets]
        labels = {name: tuple(row[name] for row in rows) for name in self.table.label_names}
        subjects = tuple(f"{each.process}/{each.socket.inode}" for each in sockets)
        return Snapshot(self.table, time, subjects, values.reshape(len(sockets), 5), labels)


def _numbers(owned: OwnedSocket) -> tuple[float, ...]:
    each = owned.socket
    return (
        each.sent_bytes,
        each.received_bytes,
        each.received_age_seconds,
        each.sent_age_seconds,
        owned.first_seen,
    )


def _words(owned: OwnedSocket) -> dict[str, Word]:
    from aisec_daemon.host.network.socket import scope, state_name  # noqa: PLC0415 # see Host

    each = owned.socket
    return {
        "process": owned.process,
        "state": state_name(each.state),
        "local_address": str(each.local),
        "local_port": str(each.local_port),
        "peer_address": str(each.peer),
        "peer_port": str(each.peer_port),
        "peer_scope": scope(each.peer),
        "grain": each.grain,
    }
