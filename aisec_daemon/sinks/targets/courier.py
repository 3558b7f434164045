"""Couriers: each takes what is to be told to one target, in a thread of its own."""

from __future__ import annotations

import logging
from threading import Event, Thread
from typing import Protocol

from aisec_daemon.model import Change, Outbox

_LOG = logging.getLogger(__name__)
_BATCH = 64
_IDLE_SECONDS = 1.0
_RETRY_SECONDS, _RETRY_SECONDS_MAX = 0.5, 60.0


class Target(Protocol):
    """Somewhere that takes one change at a time."""

    def send(self, seq: int, change: Change) -> None:
        """Deliver it; OSError if that failed, then it is sent again."""

    def close(self) -> None:
        """Let go of what is held; the next sending begins anew."""


class Courier:
    """Delivers in order, each change until the target took it; `error` says why it does not now.

    Delivery is at least once: after a crash the last one may come again, under the same id.
    """

    def __init__(self, receiver: str, outbox: Outbox, target: Target) -> None:
        self.error = ""
        self.delivered = 0
        self._receiver = receiver
        self._outbox = outbox
        self._target = target
        self._stopping = False
        self._news = Event()
        outbox.pending(receiver, 0)  # from now on it is known
        self._thread = Thread(target=self._run, name=receiver, daemon=True)
        self._thread.start()

    def wake(self) -> None:
        """Look for something to deliver now."""
        self._news.set()

    def stop(self) -> None:
        """Ask it to end."""
        self._stopping = True
        self._news.set()

    def join(self, seconds: float) -> None:
        """Wait for its end; a target that hangs is left behind."""
        self._thread.join(seconds)

    def _run(self) -> None:
        pause = _RETRY_SECONDS
        while not self._stopping:
            try:
                self._deliver()
            except OSError as failure:
                self._failed(f"{self._receiver}: {failure}")
            except Exception as fault:  # noqa: BLE001 # a thread that dies would say nothing
                self._failed(f"{self._receiver}: fault in this part: {fault!r}")
            else:
                pause = _RETRY_SECONDS
                self._news.wait(_IDLE_SECONDS)
                self._news.clear()
                continue
            self._sleep(pause)
            pause = min(2 * pause, _RETRY_SECONDS_MAX)
        self._target.close()

    def _deliver(self) -> None:
        """Deliver all there is."""
        while entries := self._outbox.pending(self._receiver, _BATCH):
            for seq, change in entries:
                if self._stopping:
                    return
                self._target.send(seq, change)
                self._outbox.done(self._receiver, seq)
                self.delivered += 1
        self.error = ""

    def _failed(self, error: str) -> None:
        if error != self.error:
            _LOG.warning("%s", error)
        self.error = error
        self._target.close()

    def _sleep(self, seconds: float) -> None:
        """Wait before the next try; only the end cuts it short."""
        while seconds > 0 and not self._stopping:
            self._news.wait(min(seconds, _IDLE_SECONDS))
            self._news.clear()
            seconds -= _IDLE_SECONDS
