"""One sequence of questions to one listener, within one deadline."""

from __future__ import annotations

import time
from collections.abc import Collection
from dataclasses import dataclass
from ipaddress import IPv4Address

from aisec_daemon.host.network.listener import Listener
from aisec_daemon.host.probe.get import Answer, Target, get
from aisec_daemon.host.probe.recognition import Measured, recognise
from aisec_daemon.host.probe.services import Service, services

SECONDS = 1.0

# Where the kernel takes a port from if a program does not care which (ip_local_port_range). There
# listen NCCL, Gloo and ZeroMQ, which a stranger's question may disturb.
_EPHEMERAL = range(32768, 61000)


@dataclass(frozen=True)
class Permission:
    """What the operator permits to be asked: classes, further ports, other network namespaces."""

    classes: frozenset[str] = frozenset()
    ports: frozenset[int] = frozenset()
    namespaces: bool = False


def candidates(listener: Listener, permission: Permission) -> tuple[Service, ...]:
    """Return the classes that a listener may be asked for: none if it may not be asked at all.

    A program that is known to be a service is asked for that; one that is not, for what usually
    listens on its port.
    """
    if listener.scope == "container_only" or not (listener.own or permission.namespaces):
        return ()
    port = listener.socket.local_port
    known = services()
    permitted = [service for name, service in known.items() if name in permission.classes]
    claimed = known.get(listener.workload.service)
    if claimed is not None:
        usual = port in claimed.ports | permission.ports
        usual = usual or (claimed.elsewhere and port not in _EPHEMERAL)
        return tuple(each for each in permitted if each is claimed and usual)
    if port in permission.ports:
        return tuple(permitted)
    return tuple(each for each in permitted if port in each.ports)


def target(listener: Listener) -> Target | None:
    """Return where to ask; None if the address is not one of the namespace's own.

    A socket may be bound to an address that is elsewhere (IP_FREEBIND): nobody there is asked.
    """
    local, port = listener.socket.local, listener.socket.local_port
    if local.is_unspecified:
        return Target("127.0.0.1" if isinstance(local, IPv4Address) else "::1", port)
    if local.is_loopback:
        return Target(str(local), port)
    if listener.addresses is None or local not in listener.addresses.all:
        return None
    return Target(str(local), port, listener.addresses.links.get(local, 0))


def measure(
    where: Target, asked: Collection[Service], claimed: str, seconds: float = SECONDS
) -> Measured:
    """Ask from the network namespace of the calling process, for at most so long."""
    deadline = time.monotonic() + seconds
    tls = False

    def asking(path: str) -> Answer | None:
        nonlocal tls
        try:
            answer, tls = get(where, path, deadline, tls=tls)
        except OSError:
            return None
        return answer

    return recognise(asked, claimed, asking)
