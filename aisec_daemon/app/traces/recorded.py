"""Our own recordings: lines of JSON as `model/recording.py` writes them, gzip or plain.

A line that cannot be read takes with it what leans on it: a table is read again from its next line
that leans on nothing.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

from aisec_daemon.app.traces.faults import Faults
from aisec_daemon.app.traces.lines import OVERLONG, lines
from aisec_daemon.app.traces.steady import Steady
from aisec_daemon.model import Snapshot
from aisec_daemon.model.recording import Decoder, RecordingError

LONGEST = 1 << 24
"""Longest line of a recording, in bytes: tens of thousands of processes with all their words."""


def read_recording(path: Path, decoder: Decoder, faults: Faults) -> Iterator[Snapshot]:
    """Yield a recording's snapshots, the times of each table rising."""
    clocks: dict[str, Steady] = {}
    for first, texts in lines(path, faults, LONGEST):
        for number, text in enumerate(texts, first):
            if not text.strip():
                continue
            try:
                snapshot = _snapshot(decoder, text)
            except RecordingError as error:
                faults.bad(number, str(error))
                decoder.forget()
                continue
            if snapshot is not None:
                name = snapshot.table.name
                clock = clocks.setdefault(name, Steady(faults, decoder.periods.get(name)))
                yield _at(snapshot, clock.next(snapshot.time))


def _snapshot(decoder: Decoder, text: bytes) -> Snapshot | None:
    if text == OVERLONG:
        raise RecordingError(f"it is longer than {LONGEST} bytes")
    snapshot = decoder.decode(text)
    if snapshot is not None and not math.isfinite(snapshot.time):
        raise RecordingError("its time is no number")
    return snapshot


def _at(snapshot: Snapshot, time: float) -> Snapshot:
    if time == snapshot.time:
        return snapshot
    return Snapshot(snapshot.table, time, snapshot.subjects, snapshot.values, snapshot.labels)
