"""The server: a few threads that wait for clients, and a bounded number of connections.

Who waits serves who comes: to start a thread for a client would take longer than to answer, since
it has to get past whatever Python is doing at the moment. Where nobody would be left waiting,
another is started before.
"""

from __future__ import annotations

import socket
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from threading import Condition, Thread, current_thread
from time import monotonic

from aisec_daemon.app.web.address import AddressError, is_loopback, join, listen_on, split
from aisec_daemon.app.web.connection import Connection
from aisec_daemon.app.web.protection import ProtectionFile
from aisec_daemon.app.web.site import Site

_STOP_SECONDS = 1.5
_WAITING = 3  # threads that wait for clients while few come
_PAUSE_SECONDS = 0.1  # for a client that is cut, and after accept failed for want of descriptors


class WebServerError(RuntimeError):
    """The server cannot be started; one sentence for people."""


class WebServer:
    """Serves `site` on `listen` from threads of its own.

    At most `connections_max` clients are served at once; when one more comes, the one that has
    been there longest is cut: an honest scrape takes milliseconds. A client has `timeout` seconds
    for all it does. `config` is the web configuration file; WebConfigError if it cannot be used.
    `warn` is told in sentences what an operator should know.
    """

    def __init__(
        self,
        listen: str,
        site: Site,
        config: Path | None = None,
        *,
        warn: Callable[[str], None],
        connections_max: int = 32,
        timeout: float = 10.0,
    ) -> None:
        try:
            self._host, self._port = split(listen)
        except AddressError as error:
            raise WebServerError(str(error)) from error
        self._site = site
        self._protection = ProtectionFile(config, warn)
        self._warn = warn
        self._connections_max = connections_max
        self._timeout = timeout
        self._listener: socket.socket | None = None
        self._connections: dict[Thread, Connection] = {}  # the oldest first
        self._waiting = 0  # threads that wait for a client, or are about to
        self._changed = Condition()
        self._stopping = False

    @property
    def address(self) -> str:
        """Where it listens, with the port that a 0 became."""
        return join(self._host, self._port)

    @property
    def url(self) -> str:
        """Where a browser on this machine finds it."""
        scheme = "https" if self._protection.current().context else "http"
        everywhere = self._host in {"", "0.0.0.0", "::"}  # noqa: S104 - compared, not listened on
        return f"{scheme}://{join('localhost' if everywhere else self._host, self._port)}/"

    @property
    def unprotected(self) -> bool:
        """Whether others than this machine can reach it without saying who they are."""
        return not is_loopback(self._host) and not self._protection.current().authenticates

    def start(self) -> None:
        """Listen and serve; WebServerError if the address cannot be had."""
        try:
            self._listener = listen_on(self._host, self._port)
        except AddressError as error:
            raise WebServerError(str(error)) from error
        self._port = self._listener.getsockname()[1]
        if self.unprotected:
            self._warn(
                f"anyone who can reach {self.address} can read the metrics page: "
                "listen on 127.0.0.1 or ask for passwords or client certificates"
            )
        with self._changed:
            for _ in range(_WAITING):
                self._wait_for_one_more(self._listener)

    def stop(self) -> None:
        """Stop listening, cut who is still there, and wait at most two seconds for them."""
        listener, self._listener = self._listener, None
        if listener is None:
            return
        end = monotonic() + _STOP_SECONDS
        with self._changed:
            self._stopping = True
            for connection in self._connections.values():
                connection.cut()
        with listener, suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)  # wakes the thread in accept()
        with self._changed:
            while self._connections and (left := end - monotonic()) > 0:
                self._changed.wait(left)

    def _wait_for_one_more(self, listener: socket.socket) -> None:
        """Start a thread that takes clients; RuntimeError if the machine gives none."""
        Thread(target=self._work, args=(listener,), name="web", daemon=True).start()
        self._waiting += 1

    def _work(self, listener: socket.socket) -> None:
        """Take clients as they come and serve them, until there are threads enough without this."""
        while (plain := self._accept(listener)) is not None:
            try:
                self._take(plain, listener)
            except Exception as fault:  # of one client, or of a new web config: others still come
                plain.close()
                if not isinstance(fault, OSError):  # gone before it could be wrapped
                    self._warn(f"the web server could not take a client: {fault!r}")
            with self._changed:
                if self._waiting >= _WAITING:
                    return
                self._waiting += 1

    def _accept(self, listener: socket.socket) -> socket.socket | None:
        """Wait for a client; None once the listener is closed."""
        while not self._stopping:
            try:
                return listener.accept()[0]
            except OSError:  # noqa: PERF203 - it goes round only after a failure
                with self._changed:
                    self._changed.wait_for(lambda: self._stopping, _PAUSE_SECONDS)
        return None

    def _take(self, plain: socket.socket, listener: socket.socket) -> None:
        """Serve a client in this thread, once another waits for those that come meanwhile."""
        connection = None
        if self._leave_somebody_waiting(listener):
            current = self._protection.current()
            with self._changed:
                if self._make_room():
                    connection = Connection(plain, self._site, current, self._timeout)
                    self._connections[current_thread()] = connection
        if connection is None:
            plain.close()
            return
        try:
            connection.serve(self._warn)
        finally:
            with self._changed:
                del self._connections[current_thread()]
                self._changed.notify_all()

    def _leave_somebody_waiting(self, listener: socket.socket) -> bool:
        """Wait for clients no longer; False if nobody else would."""
        with self._changed:
            self._waiting -= 1
            if self._waiting <= 0 and not self._stopping:
                try:
                    self._wait_for_one_more(listener)
                except RuntimeError:  # the machine gives no more threads
                    return False
            return True

    def _make_room(self) -> bool:
        """Cut the oldest until there is room for one more; False if they do not go."""
        for connection in tuple(self._connections.values()):
            if len(self._connections) < self._connections_max:
                break
            connection.cut()
            self._changed.wait(_PAUSE_SECONDS)
        return len(self._connections) < self._connections_max and not self._stopping
