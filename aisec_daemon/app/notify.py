"""What systemd is told: ready, reloading, stopping, still alive (sd_notify(3))."""

from __future__ import annotations

import math
import os
import socket
from collections.abc import Mapping
from time import monotonic


def notify(*assignments: str) -> bool:
    """Send `READY=1` and the like to the service manager; return whether it was taken.

    Without a manager, or if its socket is gone or full, nothing happens: it never waits or raises.
    """
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address:
        return False
    if address.startswith("@"):
        address = "\0" + address[1:]
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as channel:
            channel.settimeout(0.0)
            channel.connect(address)
            channel.sendall("\n".join(assignments).encode())
    except OSError:
        return False
    return True


class Watchdog:
    """Fed by a loop in each of its turns; tells the manager twice in the time that it grants.

    It is granted to one process (sd_watchdog_enabled(3)); what others feed nobody hears.
    """

    def __init__(self, environment: Mapping[str, str] = os.environ) -> None:
        granted = environment.get("WATCHDOG_USEC", "")
        ours = environment.get("WATCHDOG_PID", "") in {"", str(os.getpid())}
        self._period_seconds = int(granted) / 2e6 if ours and granted.isdecimal() else 0.0
        self._told = -math.inf

    def feed(self) -> None:
        """Say that the loop has turned; a message that was not taken is sent again next time."""
        now = monotonic()
        due = self._period_seconds > 0 and now - self._told >= self._period_seconds
        if due and notify("WATCHDOG=1"):
            self._told = now
