"""Small servers that answer as a test wants them to, and listeners as the host floor tells them."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta, timezone
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from aisec_daemon.host.network.addresses import Addresses
from aisec_daemon.host.network.listener import Listener
from aisec_daemon.host.network.socket import LISTEN, TcpSocket
from aisec_daemon.host.probe.get import Target
from aisec_daemon.host.proc.identity import ProcessIdentity
from aisec_daemon.host.workload.workload import Workload

Handler = Callable[[socket.socket, bytes], None]
LOOPBACK = "127.0.0.1"


class Server:
    """Answers each connection by `handler`, which is given the connection and the request.

    With a context it speaks TLS, and says `plain` to whoever does not; hangs up on him if None.
    """

    def __init__(
        self, handler: Handler, context: ssl.SSLContext | None = None, plain: bytes | None = b""
    ) -> None:
        self._plain = plain
        self.requests: list[bytes] = []
        self.connections = 0
        self._handler = handler
        self._context = context
        self._socket = socket.create_server((LOOPBACK, 0))
        self.target = Target(*self._socket.getsockname())
        self._ended = False
        self._threads = [threading.Thread(target=self._serve)]
        self._threads[0].start()

    @property
    def paths(self) -> list[str]:
        return [request.split(b" ")[1].decode() for request in self.requests]

    def close(self) -> None:
        self._ended = True
        with suppress(OSError):
            socket.create_connection(self._socket.getsockname(), 1).close()
        for thread in self._threads:
            thread.join()
        self._socket.close()

    def _serve(self) -> None:
        while not self._ended:
            connection, _ = self._socket.accept()
            if self._ended:
                connection.close()
                return
            self.connections += 1
            self._threads.append(threading.Thread(target=self._answer, args=(connection,)))
            self._threads[-1].start()

    def _answer(self, connection: socket.socket) -> None:
        with suppress(OSError), connection:
            connection.settimeout(5)
            secure = connection
            if self._context is not None and connection.recv(1, socket.MSG_PEEK) != b"\x16":
                if self._plain is not None:  # what was not read makes the kernel send a reset
                    connection.recv(65536)
                    connection.sendall(self._plain)
                return
            if self._context is not None:
                secure = self._context.wrap_socket(connection, server_side=True)
            with secure:
                request = secure.recv(65536)
                self.requests.append(request)
                self._handler(secure, request)


@contextmanager
def serving(
    handler: Handler, context: ssl.SSLContext | None = None, plain: bytes | None = b""
) -> Iterator[Server]:
    server = Server(handler, context, plain)
    try:
        yield server
    finally:
        server.close()


def page(status: int, body: str | bytes = b"", *head: str) -> bytes:
    """Return an answer of HTTP."""
    raw = body.encode() if isinstance(body, str) else body
    lines = [f"HTTP/1.1 {status} Said", *head, f"Content-Length: {len(raw)}"]
    return "\r\n".join([*lines, "", ""]).encode() + raw


def site(pages: Mapping[str, bytes], other: bytes = page(404, "not found")) -> Handler:
    """Answer paths with these pages, and all others with one."""

    def answer(connection: socket.socket, request: bytes) -> None:
        path = request.split(b" ")[1].decode()
        connection.sendall(pages.get(path, other))

    return answer


def identity(pid: int = 7, **words: object) -> ProcessIdentity:
    given = dict.fromkeys(("container", "pod", "qos", "slurm_job", "slurm_step", "login_user"), "")
    given |= {"pid": pid, "start_ticks": 100 + pid, "name": "python", "user": "alice", "uid": 1000}
    given |= {"executable": "/usr/bin/python3", "executable_state": "", "unit": "a.service"}
    given |= {"command": "", "command_hash": "ab", "parent": 1}
    return ProcessIdentity(**(given | words))


def workload(pid: int = 7, *, service: str = "", on_gpu: bool = True, **words: object) -> Workload:
    return Workload(identity(pid, **words), f"asset-{pid}", on_gpu, frozenset(), service)


def listener(
    address: str = LOOPBACK,
    port: int = 8888,
    *,
    service: str = "",
    inode: int = 1,
    own: bool = True,
    scope: str = "private",
    addresses: tuple[str, ...] = (),
    who: Workload | None = None,
) -> Listener:
    """Return a listener as the host floor tells of it."""
    at = ip_address(address)
    nobody = ip_address("0.0.0.0")
    theirs = Addresses(frozenset(map(ip_address, addresses)), {})
    return Listener(
        who or workload(service=service),
        TcpSocket(inode, LISTEN, at, port, nobody, 0),
        own,
        near_gpu=True,
        scope=scope,
        addresses=theirs,
        first_seen=1.0,
    )


def certificate(folder: Path) -> ssl.SSLContext:
    """Make a self-signed certificate, and return a server's context with it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "elsewhere.example")])
    now = datetime.now(timezone.utc)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=9))
        .not_valid_after(now - timedelta(days=8))
        .sign(key, hashes.SHA256())
    )
    file = folder / "server.pem"
    file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + made.public_bytes(serialization.Encoding.PEM)
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context
