"""Table `socket`: whom the programs on GPUs talk to, and how much."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, ClassVar

import numpy as np

from aisec_daemon.host.host import Host
from aisec_daemon.model import Column, Kind, Label, Snapshot, Table
from aisec_daemon.model.snapshot import Word

if TYPE_CHECKING:
    from aisec_daemon.host.network.sockets import OtherSocket, OwnedSocket


@dataclass(frozen=True)
class Socket:
    """A row per socket of a program on a GPU; of TCP with ends, and with bytes if they are told."""

    table: ClassVar[Table] = Table(
        "socket",
        "Sockets of programs on GPUs that may reach other machines.",
        columns=(
            Column("sent_bytes", "bytes sent, without what was sent again", Kind.COUNTER),
            Column("received_bytes", "bytes received", Kind.COUNTER),
            Column("received_age_seconds", "time since data was last received"),
            Column("sent_age_seconds", "time since data was last sent"),
            Column("first_seen_timestamp_seconds", "when the daemon first saw it", Kind.TIMESTAMP),
        ),
        labels=(
            Label("process", "the process, as table process names it"),
            Label(
                "protocol",
                "tcp, udp, raw, vsock, …; unknown stands for those of a process that nobody could "
                "look at",
            ),
            Label(
                "state",
                "established, listen or other; unlisted where only the socket itself is known: not "
                "TCP, not connected, or of another network namespace than its process",
            ),
            Label("local_address", "its own address"),
            Label("local_port", "its own port"),
            Label("peer_address", "the peer's address"),
            Label("peer_port", "the peer's port"),
            Label("peer_scope", "where the peer is: loopback, private, public or none"),
            Label(
                "grain",
                "tcp_info in the daemon's network namespace; proc in others: bytes are unknown; "
                "none of what is unlisted",
            ),
        ),
        series=("process", "local_port", "peer_address", "peer_port"),
        aggregate=("protocol", "state", "peer_scope", "grain"),
    )

    period: Annotated[float, "seconds between readings"] = 5.0

    def read(self, host: Host, time: float) -> Snapshot:
        """Read all sockets; UnreadableError if it cannot be told whose they are."""
        sockets, others = host.sockets.read(time), host.sockets.others(time)
        numbers = [_numbers(each) for each in sockets]
        numbers += [(*(np.nan,) * 4, each.first_seen) for each in others]
        rows = [*map(_words, sockets), *map(_words_of_other, others)]
        labels = {name: tuple(row[name] for row in rows) for name in self.table.label_names}
        subjects = [f"{each.process}/{each.socket.inode}" for each in sockets]
        subjects += [f"{each.process}/{each.inode}" for each in others]
        values = np.array(numbers, np.float64).reshape(len(rows), 5)
        return Snapshot(self.table, time, tuple(subjects), values, labels)


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
        "protocol": "tcp",
        "state": state_name(each.state),
        "local_address": str(each.local),
        "local_port": str(each.local_port),
        "peer_address": str(each.peer),
        "peer_port": str(each.peer_port),
        "peer_scope": scope(each.peer),
        "grain": each.grain,
    }


def _words_of_other(other: OtherSocket) -> dict[str, Word]:
    """Return its words; its ends are unread."""
    return {
        **dict.fromkeys(Socket.table.label_names),
        "process": other.process,
        "protocol": other.protocol,
        "state": "unlisted",
        "grain": "none",
    }
