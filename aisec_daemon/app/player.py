"""Player: recorded snapshots in the place of a live node, at the pace at which they were taken."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from importlib.resources import files
from queue import Full, Queue
from threading import Event, Thread

from aisec_daemon.app import catalogue
from aisec_daemon.app.clock import Clock
from aisec_daemon.model import Kind, Snapshot
from aisec_daemon.model.decoder import Decoder


@dataclass(frozen=True)
class Tape:
    """What is played: `mark` is put on every series, `loop` plays it over and over."""

    mark: str
    periods: Mapping[str, float]
    snapshots: Callable[[], Iterator[Snapshot]]
    speed: float = 1.0
    loop: bool = False


def demo() -> Tape:
    """Return the recording that comes with the package: a simulated node of eight GPUs."""
    lines = bundled().splitlines()
    header = Decoder(catalogue.tables())
    header.decode(lines[0])
    return Tape("demo", header.periods, lambda: _decoded(lines), loop=True)


def bundled() -> bytes:
    """Return the lines of the bundled recording."""
    return gzip.decompress((files("aisec_daemon") / "app" / "demo.jsonl.gz").read_bytes())


def _decoded(lines: list[bytes]) -> Iterator[Snapshot]:
    decoder = Decoder(catalogue.tables())
    yield from filter(None, map(decoder.decode, lines))


class Player:
    """Plays a tape into `inbox`, its times moved to now.

    `complete` once something was played, `ended` once all of it was.
    """

    def __init__(self, tape: Tape, clock: Clock, inbox: Queue[Snapshot]) -> None:
        self.complete = False
        self.ended = False
        self._tape = tape
        self._clock = clock
        self._inbox = inbox
        self._stopping = Event()
        self._thread = Thread(target=self._play, name="player", daemon=True)

    def start(self) -> None:
        """Begin to play."""
        self._thread.start()

    def stop(self) -> None:
        """Stop at once."""
        self._stopping.set()

    def _play(self) -> None:
        while not self._stopping.is_set():
            for snapshot in self._moved():
                if self._stopping.wait(max(snapshot.time - self._clock.now(), 0.0)):
                    return
                with suppress(Full):  # as a live node's reading would be: dropped
                    self._inbox.put(snapshot, timeout=1.0)
                    self.complete = True
            if not self._tape.loop:
                self.ended = True
                return

    def _moved(self) -> Iterator[Snapshot]:
        """Yield the tape's snapshots, the first of them now."""
        begun = self._clock.now()
        first = None
        for snapshot in self._tape.snapshots():
            if first is None:
                first = snapshot.time
            yield moved(snapshot, begun + (snapshot.time - first) / self._tape.speed)


def moved(snapshot: Snapshot, time: float) -> Snapshot:
    """Return a snapshot as if it had been taken at `time`."""
    values = snapshot.values.copy()
    for at, column in enumerate(snapshot.table.columns):
        if column.kind is Kind.TIMESTAMP:
            values[:, at] += time - snapshot.time
    return Snapshot(snapshot.table, time, snapshot.subjects, values, snapshot.labels)
