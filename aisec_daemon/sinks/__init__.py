"""Sinks: one way out per file.

An outlet is a frozen dataclass in a file named after the way out. Its fields are its settings
(section `[sinks.<name>]` of the settings file), each annotated with a word of help; `open` gives
the sink itself, a callable that is given every `Tick` until it is closed:

    @dataclass(frozen=True)
    class LogOutlet:
        on = True          # whether it is open unless the settings say otherwise
        replays = True     # whether it is open while a recording is played: nothing may leave then
        families = ()      # what it shows on the metrics page, through `place.board`

        def open(self, place: Place) -> Sink: ...

`open` may raise OSError: the daemon says so, table `upkeep` shows it, the rest goes on, and it is
tried again every minute. When settings are read again, a sink whose settings changed is closed and
opened anew, and the others stay; so a secret in a file is read when it is needed, not once.

A sink never raises for bad text: names, paths and reasons are attackers' words. One that talks to a
network or a slow device has a thread of its own, which takes what is to be told from
`place.outbox` and says there what is delivered: the outbox is its queue, and outlives a crash. A
sink that cannot deliver raises OSError when it is given the next tick, one sentence, without a
password in it: it becomes its row of `upkeep`. `close` returns within two seconds.

A file without an outlet is what others open: `trace` is opened by `aisec-daemon record`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar, Protocol

from aisec_daemon.model import Outbox, Rule, Tick
from aisec_daemon.model.exposition import Board, Family


@dataclass(frozen=True)
class Place:
    """Where a sink is opened.

    `state` is the folder that outlives the daemon, `node` this node's name, `rules` those that may
    open findings, `mark` what is replayed (empty on a live node).
    """

    state: Path
    node: str
    version: str
    outbox: Outbox
    rules: tuple[Rule, ...] = ()
    mark: str = ""
    board: Board = field(default_factory=Board)


class Sink(Protocol):
    """An open way out; the package's docstring is its manual."""

    def __call__(self, tick: Tick) -> None:
        """Take one tick; OSError if what it has to deliver cannot be delivered."""

    def close(self) -> None:
        """End it."""


class Outlet(Protocol):
    """The settings of a way out; the package's docstring is its manual."""

    on: ClassVar[bool]
    replays: ClassVar[bool]
    families: ClassVar[tuple[Family, ...]]

    def open(self, place: Place) -> Sink:
        """Open it; OSError if it cannot be."""
