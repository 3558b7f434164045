"""One listening TCP socket of an AI workload."""

from __future__ import annotations

from dataclasses import dataclass

from aisec_daemon.host.network.addresses import Addresses, effective_scope
from aisec_daemon.host.network.socket import TcpSocket
from aisec_daemon.host.workload.workload import Workload


@dataclass(frozen=True)
class Listener:
    """A listening socket of a workload's process.

    `own` says whether it is in the daemon's network namespace; `near_gpu` whether its process has
    to do with a GPU (`kinship`); `scope` is that of `effective_scope`, None if the namespace's
    addresses (`addresses`) could not be read.
    """

    workload: Workload
    socket: TcpSocket
    own: bool
    near_gpu: bool
    scope: str | None
    addresses: Addresses | None
    first_seen: float

    @property
    def subject(self) -> str:
        """The socket as rows name it, like those of table `socket`."""
        return f"{self.workload.identity.subject}/{self.socket.inode}"


def scope_of(each: TcpSocket, addresses: Addresses | None, *, own: bool) -> str | None:
    """Return the effective scope; None for a wildcard of which addresses are not known."""
    if addresses is None and each.local.is_unspecified:
        return None
    return effective_scope(each.local, addresses.all if addresses else (), own=own)
