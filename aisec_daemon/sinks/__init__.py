"""Sinks: one way out per file.

A sink is a callable that is given every `Tick`. It never raises for bad text: names, paths and
reasons are attackers' words. One that talks to a network has its own bounded queue and thread.
"""

from __future__ import annotations

from typing import Protocol

from aisec_daemon.model import Tick


class Sink(Protocol):
    """The contract; the package's docstring is its manual."""

    def __call__(self, tick: Tick) -> None:
        """Take one tick."""
