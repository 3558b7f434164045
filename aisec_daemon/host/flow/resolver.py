"""Addresses of host names by the node's resolver, asked in a thread of its own.

A resolver may take minutes, or never answer: nobody waits for it here. Who asks gets what is known
so far; while the thread hangs, nothing new becomes known.
"""

from __future__ import annotations

import math
import socket
import time
from collections import deque
from collections.abc import Iterable
from threading import Event, Lock, Thread

from aisec_daemon.host.tally import Call, Tally

_AGAIN_SECONDS = 600.0
_HOSTS_MAX = 512
_ADDRESSES_MAX = 32  # of one name
_IDLE_SECONDS = 30.0


class Resolver:
    """Resolves names; the thread is started by the first question. Safe between threads."""

    def __init__(self, tally: Tally) -> None:
        self._tally = tally
        self._lock = Lock()
        self._wake = Event()
        self._queue: deque[str] = deque()
        self._asked: dict[str, float] = {}
        self._names: dict[str, tuple[str, ...]] = {}
        self._thread: Thread | None = None

    def names(self, hosts: Iterable[str]) -> dict[str, str]:
        """Return, by address, the first of these names that has led to it; ask for the others."""
        now = time.monotonic()
        hosts = list(dict.fromkeys(hosts))[:_HOSTS_MAX]
        with self._lock:
            self._asked = {host: at for host, at in self._asked.items() if host in hosts}
            self._names = {host: self._names[host] for host in hosts if host in self._names}
            for host in hosts:
                if now - self._asked.get(host, -math.inf) >= _AGAIN_SECONDS:
                    self._asked[host] = now
                    self._queue.append(host)
            if self._queue and self._thread is None:
                self._thread = Thread(target=self._work, name="resolver", daemon=True)
                self._thread.start()
            self._wake.set()
            found: dict[str, str] = {}
            for host, addresses in self._names.items():
                for address in addresses:
                    found.setdefault(address, host)
            return found

    def _work(self) -> None:
        """Resolve what is asked for; end when nothing is, so that no thread stays for nothing."""
        while True:
            with self._lock:
                host = self._queue.popleft() if self._queue else None
                self._wake.clear()
            if host is not None:
                self._resolve(host)
            elif not self._wake.wait(_IDLE_SECONDS):
                with self._lock:
                    if not self._queue:
                        self._thread = None
                        return

    def _resolve(self, host: str) -> None:
        try:
            told = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            self._tally.add(Call("resolver", "getaddrinfo", type(error).__name__))
            return
        addresses = dict.fromkeys(str(each[4][0]).partition("%")[0] for each in told)
        with self._lock:
            if host in self._asked:
                self._names[host] = tuple(addresses)[:_ADDRESSES_MAX]
        self._tally.add(Call("resolver", "getaddrinfo", "OK"))
