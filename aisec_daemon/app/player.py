"""Player: a recording in the place of a live node, at the pace at which it was made."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from contextlib import suppress
from importlib.resources import files
from queue import Full, Queue
from threading import Event, Thread

from aisec_daemon.app import catalogue
from aisec_daemon.app.clock import Clock
from aisec_daemon.model import Kind, Snapshot
from aisec_daemon.model.recording import Decoder

DEMO = "demo"


def bundled() -> bytes:
    """Return the recording that comes with the package: a simulated node of eight GPUs."""
    return gzip.decompress((files("aisec_daemon") / "app" / "demo.jsonl.gz").read_bytes())


class Player:
    """Plays a recording over and over into `inbox`, its times moved to now."""

    def __init__(self, recording: bytes, clock: Clock, inbox: Queue[Snapshot]) -> None:
        self._lines = recording.splitlines()
        self._clock = clock
        self._inbox = inbox
        self._stopping = Event()
        self._thread = Thread(target=self._play, name="player", daemon=True)
        self.complete = False

    @property
    def periods(self) -> dict[str, float]:
        """Seconds between snapshots of each table, as the recording's header says."""
        decoder = Decoder(catalogue.tables())
        decoder.decode(self._lines[0])
        return decoder.periods

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

    def _moved(self) -> Iterator[Snapshot]:
        """Yield the recording's snapshots, the first of them now."""
        decoder = Decoder(catalogue.tables())
        begun = self._clock.now()
        shift = None
        for line in self._lines:
            snapshot = decoder.decode(line)
            if snapshot is None:
                continue
            if shift is None:
                shift = begun - snapshot.time
            yield moved(snapshot, shift)


def moved(snapshot: Snapshot, seconds: float) -> Snapshot:
    """Return a snapshot as if it had been taken `seconds` later."""
    values = snapshot.values.copy()
    for at, column in enumerate(snapshot.table.columns):
        if column.kind is Kind.TIMESTAMP:
            values[:, at] += seconds
    return Snapshot(
        snapshot.table, snapshot.time + seconds, snapshot.subjects, values, snapshot.labels
    )
