"""Our own recordings: lines of JSON as `model/recording.py` writes them, gzip or plain.

A line that cannot be read takes with it what leans on it: a table is read again from its next line
that leans on nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from aisec_daemon.app.traces.faults import Faults
from aisec_daemon.app.traces.lines import OVERLONG, lines
from aisec_daemon.app.traces.steady import Steady
from aisec_daemon.model import Snapshot
from aisec_daemon.model.decoder import Decoder
from aisec_daemon.model.recording import RecordingError

LONGEST = 1 << 24
"""Longest line of a recording, in bytes: tens of thousands of processes with all their words."""


def read_recording(path: Path, decoder: Decoder, faults: Faults) -> Iterator[Snapshot]:
    """Yield a recording's snapshots, the times of each table rising."""
    clocks: dict[str, Steady] = {}
    for first, texts in lines(path, faults, LONGEST):
        for snapshot in _decoded(decoder, first, texts, faults):
            name = snapshot.table.name
            if name not in clocks:
                clocks[name] = Steady(faults, decoder.periods.get(name))
            yield _at(snapshot, clocks[name].next(snapshot.time))


def _decoded(
    decoder: Decoder, first: int, texts: list[bytes], faults: Faults
) -> Iterable[Snapshot]:
    """Return the snapshots of lines: all at once where nothing is wrong with any."""
    try:
        return decoder.decode_all(texts)
    except RecordingError:
        return _one_by_one(decoder, first, texts, faults)


def _one_by_one(
    decoder: Decoder, first: int, texts: list[bytes], faults: Faults
) -> Iterator[Snapshot]:
    for number, text in enumerate(texts, first):
        if not text.strip():
            continue
        try:
            snapshot = decoder.decode(text)
        except RecordingError as error:
            overlong = f"it is longer than {LONGEST} bytes"
            faults.bad(number, overlong if text == OVERLONG else str(error))
            decoder.forget()
            continue
        if snapshot is not None:
            yield snapshot


def _at(snapshot: Snapshot, time: float) -> Snapshot:
    if time == snapshot.time:
        return snapshot
    return Snapshot(snapshot.table, time, snapshot.subjects, snapshot.values, snapshot.labels)
