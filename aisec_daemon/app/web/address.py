"""Addresses: what to listen on."""

from __future__ import annotations

import errno
import socket
from ipaddress import IPv6Address, ip_address

_BACKLOG = 128


class AddressError(ValueError):
    """An address that is none, or cannot be listened on; one sentence for people."""


def split(listen: str) -> tuple[str, int]:
    """Return host and port of `127.0.0.1:9837`, `[::1]:9837`, `name:9837` or `:9837` (all)."""
    host, colon, port = listen.rpartition(":")
    if not colon or not port.isascii() or not port.isdigit() or int(port) > 65_535:  # noqa: PLR2004 - the highest port
        raise AddressError(f"{listen!r} is no address: write host:port, such as 127.0.0.1:9837")
    bracketed = host.startswith("[") and host.endswith("]")
    if ":" in host and not bracketed:
        raise AddressError(f"{listen!r} is no address: an IPv6 host goes in brackets, [::1]:9837")
    return (host[1:-1] if bracketed else host), int(port)


def join(host: str, port: int) -> str:
    """Return an address as `split` reads it."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def is_loopback(host: str) -> bool:
    """Tell whether only this machine can reach a host address; no host is every interface."""
    if not host:
        return False
    try:
        found = {host} if _is_literal(host) else {str(i[4][0]) for i in _resolve(host, 0)}
    except OSError:
        return False
    addresses = [ip_address(text.partition("%")[0]) for text in found]
    return all(
        (a.ipv4_mapped or a).is_loopback if isinstance(a, IPv6Address) else a.is_loopback
        for a in addresses
    )


def listen_on(host: str, port: int) -> socket.socket:
    """Return a listening socket; AddressError says in a sentence why there is none."""
    try:
        if not host:
            return _every_interface(port)
        family, _, _, _, address = _resolve(host, port)[0]
        both = host == "::" and socket.has_dualstack_ipv6()
        return socket.create_server(
            address[:2], family=family, backlog=_BACKLOG, dualstack_ipv6=both
        )
    except OSError as error:
        why = _REASONS.get(error.errno or 0, error.strerror or str(error))
        raise AddressError(f"cannot listen on {join(host, port)}: {why}") from error


_REASONS = {
    errno.EADDRINUSE: "another program (another aisec-daemon?) already listens there",
    errno.EADDRNOTAVAIL: "this machine has no such address",
    errno.EACCES: "only root may listen on this port",
}


def _every_interface(port: int) -> socket.socket:
    if socket.has_dualstack_ipv6():
        return socket.create_server(
            ("::", port), family=socket.AF_INET6, backlog=_BACKLOG, dualstack_ipv6=True
        )
    return socket.create_server(("0.0.0.0", port), backlog=_BACKLOG)  # noqa: S104 - asked for by an address without a host


def _is_literal(host: str) -> bool:
    try:
        ip_address(host.partition("%")[0])
    except ValueError:
        return False
    return True


def _resolve(
    host: str, port: int
) -> list[tuple[socket.AddressFamily, socket.SocketKind, int, str, tuple[str, int]]]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [(f, k, p, n, (str(a[0]), int(a[1]))) for f, k, p, n, a in found]
