"""The kernel's process connector, which tells of every exec as it happens.

See Documentation/driver-api/connector.rst and linux/cn_proc.h.
"""

from __future__ import annotations

import os
import secrets
import select
import socket
from collections.abc import Callable
from errno import ENOBUFS, ETIMEDOUT, errorcode
from pathlib import Path
from threading import Thread
from time import monotonic

from aisec_daemon.host.proc.events import (
    CN_IDX_PROC,
    NETLINK_CONNECTOR,
    Event,
    Listen,
    parse_answer,
    parse_events,
    request,
)
from aisec_daemon.host.proc.socket_filter import attach_filter
from aisec_daemon.host.tally import Call, Tally

_DATAGRAM_BYTES = 4096
_BUFFER_BYTES = 1 << 20
_ANSWER_SECONDS = 1.0
_END_SECONDS = 1.0
_SO_RCVBUFFORCE = 33


class Connector:
    """Hands events to `handle` in a thread of its own until it is closed.

    `overflow` is called when the kernel had to drop events. `error` is empty while it works, else a
    sentence that says why it does not.
    """

    def __init__(
        self,
        listen: Callable[[], socket.socket],
        handle: Callable[[list[Event]], None],
        overflow: Callable[[], None],
        tally: Tally,
    ) -> None:
        self.error = ""
        self._handle = handle
        self._overflow = overflow
        self._tally = tally
        self._thread: Thread | None = None
        self._closing = False
        try:
            self._socket = listen()
        except OSError as error:
            self.error = f"{error.strerror or error}; what lives between two scans is not seen"
            return
        self._wake = os.eventfd(0, os.EFD_CLOEXEC)
        self._thread = Thread(target=self._run, name="process-connector", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop listening; returns once the thread has ended, or hangs in reading a process."""
        if self._thread is None:
            return
        self._closing = True
        os.eventfd_write(self._wake, 1)
        self._thread.join(_END_SECONDS)
        if self._thread.is_alive():
            return
        self._thread = None
        os.close(self._wake)
        self._socket.close()

    def _run(self) -> None:
        try:
            self._listen()
        finally:
            if not self._closing and not self.error:  # a fault of ours: being deaf must be told
                self.error = "the thread of the process connector ended"

    def _listen(self) -> None:
        poll = select.poll()
        poll.register(self._socket, select.POLLIN)
        poll.register(self._wake, select.POLLIN)
        while not self.error:
            ready = {descriptor for descriptor, _ in poll.poll()}
            if self._wake in ready:
                self._socket.send(request(Listen.STOP))
                return
            self._receive()

    def _receive(self) -> None:
        try:
            datagram, sender = self._socket.recvfrom(_DATAGRAM_BYTES, socket.MSG_DONTWAIT)
        except BlockingIOError:
            return
        except OSError as error:
            self._tally.add(Call("connector", "recv", errorcode.get(error.errno or 0, "EIO")))
            if error.errno == ENOBUFS:
                self._overflow()
            else:
                self.error = f"the process connector failed: {error.strerror or error}"
            return
        if sender[0] == 0:  # from the kernel
            events = parse_events(datagram)
            self._tally.add(Call("connector", "recv", "OK"), len(events))
            self._handle(events)


def listen(root: Path) -> socket.socket:
    """Open the connector and ask for events; OSError with a sentence if that is not possible."""
    try:
        ours = (root / "proc" / "self").readlink() == Path(str(os.getpid()))
    except OSError:
        ours = False
    if not ours:
        raise OSError(0, f"{root / 'proc'} is not that of our own pid namespace")
    connector = socket.socket(
        socket.AF_NETLINK, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC, NETLINK_CONNECTOR
    )
    try:
        _subscribe(connector)
    except PermissionError as error:
        connector.close()
        raise OSError(error.errno, "the process connector needs CAP_NET_ADMIN") from error
    except TimeoutError as error:
        connector.close()
        raise OSError(
            error.errno, "the process connector answers only in the first pid and user namespace"
        ) from error
    except OSError:
        connector.close()
        raise
    return connector


def _subscribe(connector: socket.socket) -> None:
    """Ask for events and await the kernel's answer; TimeoutError if it gives none."""
    try:
        connector.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, _BUFFER_BYTES)
    except PermissionError:
        connector.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER_BYTES)
    attach_filter(connector)
    connector.bind((0, CN_IDX_PROC))
    number = secrets.randbits(31)
    connector.send(request(Listen.START, number))
    _await_answer(connector, number)


def _await_answer(connector: socket.socket, number: int) -> None:
    """Wait for the answer to one request, a second at most, however much else is told meanwhile.

    Where the kernel does not answer, in a pid namespace of one's own, it may yet send what other
    listeners asked for: that never ends on a busy node.
    """
    end = monotonic() + _ANSWER_SECONDS
    while (left := end - monotonic()) > 0:
        connector.settimeout(left)
        try:
            datagram, sender = connector.recvfrom(_DATAGRAM_BYTES)
        except OSError as error:
            if error.errno == ENOBUFS:  # events were dropped: nothing is known of them yet
                continue
            raise
        code = parse_answer(datagram, number) if sender[0] == 0 else None
        if code:
            raise OSError(code, os.strerror(code))
        if code == 0:
            return
    raise TimeoutError(ETIMEDOUT, os.strerror(ETIMEDOUT))
