"""The shape of a program's connections: who pushes, how little, for how long, to whom."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from aisec_daemon.detectors.mining.programs import Evidence
from aisec_daemon.detectors.mining.rows import Rows
from aisec_daemon.model import View
from aisec_daemon.numerics import window

_SLOW_BYTES_PER_SECOND = 4e3  # each way; a job every few seconds is some hundred bytes
_UPLOAD_BYTES_PER_SECOND = 2e5
_BUSY_BYTES_PER_SECOND = 64e3  # beside such a connection a slow one is telemetry
_SENT_TO_RECEIVED = 3.0  # a pool pushes; telemetry is sent, and only acknowledged
_YOUNG_SECONDS, _OLD_SECONDS = 15.0, 600.0
_FEW = 3
_FOREIGN = ("public", "private")
_API_PORTS = frozenset({"4014", "4028", "4067", "4068", "21550", "22333"})
"""Where miners answer questions about themselves, by their own documents."""

_PIECES = (
    *("flow_old", "flow_young", "flow_upload", "flow_unsized"),
    *("api_listener", "clients", "no_outward"),
)


@dataclass
class _Shape:
    """What is known of one process's connections."""

    outward: int = 0
    inward: int = 0
    reaching: int = 0  # neither listeners nor answers to a call
    fastest: float = 0.0
    piece: str = ""
    rate: float = np.nan
    age: float = np.nan
    peer: str = ""
    tells: bool = False
    unlisted: bool = False  # it has a socket of which no table tells where it leads


def evidence(
    rows: Rows, sockets: View | None, looked_at: frozenset[str]
) -> tuple[Evidence, Evidence, tuple[str, ...]]:
    """Return pieces, numbers and peers, (R,) each; `looked_at` are processes whose sockets were.

    NaN where the sockets of a row's process were not looked at.
    """
    if sockets is None:
        return {}, {}, ("",) * len(rows)
    shapes = _shapes(sockets)
    nothing = _Shape()
    found = [
        shapes.get(process, nothing) if process in looked_at else None for process in rows.processes
    ]
    pieces = {
        name: np.array([np.nan if s is None else _holds(s, name) for s in found])
        for name in _PIECES
    }
    numbers = {
        "flow_rate": np.array([np.nan if s is None else s.rate for s in found]),
        "flow_minutes": np.array([np.nan if s is None else s.age / 60 for s in found]),
    }
    return pieces, numbers, tuple("" if s is None else s.peer for s in found)


def _holds(shape: _Shape, name: str) -> float:
    if name == "clients":
        return shape.inward >= _FEW
    if name == "no_outward":
        return np.nan if shape.unlisted and not shape.reaching else shape.reaching == 0
    if name == "api_listener":
        return shape.tells
    lone = 0 < shape.outward <= _FEW and shape.inward < _FEW
    return lone and shape.fastest <= _BUSY_BYTES_PER_SECOND and shape.piece == name


def _shapes(sockets: View) -> dict[str, _Shape]:
    """Return the shape of each process's connections."""
    sent = window.mean(sockets["sent_bytes_per_second"])
    received = window.mean(sockets["received_bytes_per_second"])
    answered = sockets.latest["received_bytes"] > 0
    age = sockets.time - sockets.latest["first_seen_timestamp_seconds"]
    labels = sockets.latest.labels
    serving = _listening(labels["process"], labels["state"], labels["local_port"])
    shapes: dict[str, _Shape] = {}
    for row, process in enumerate(labels["process"]):
        if process is None:
            continue
        shape = shapes.setdefault(process, _Shape())
        if labels["state"][row] == "unlisted":
            shape.unlisted = True
            continue
        if labels["state"][row] == "listen":
            shape.tells |= labels["local_port"][row] in _API_PORTS
            continue
        called = (process, labels["local_port"][row]) in serving
        shape.reaching += not called
        if labels["state"][row] != "established":
            continue
        if called:
            shape.inward += labels["peer_scope"][row] != "loopback"
        elif labels["peer_scope"][row] in _FOREIGN:
            peer = f"{labels['peer_address'][row]}:{labels['peer_port'][row]}"
            heard = float(received[row]) if answered[row] else np.inf
            _outward(shape, peer, float(sent[row]), heard, float(age[row]))
    return shapes


def _outward(shape: _Shape, peer: str, sent: float, received: float, age: float) -> None:
    """Take note of a connection to somebody else; the one most like a miner's stays."""
    shape.outward += 1
    total = sent + received
    piece = ""
    if np.isnan(total):
        piece = "flow_unsized"
    elif received <= _SLOW_BYTES_PER_SECOND and age >= _YOUNG_SECONDS:
        if sent <= min(_SLOW_BYTES_PER_SECOND, _SENT_TO_RECEIVED * received):
            piece = "flow_old" if age >= _OLD_SECONDS else "flow_young"
        elif _SLOW_BYTES_PER_SECOND < sent <= _UPLOAD_BYTES_PER_SECOND:
            piece = "flow_upload"
    if piece != "flow_upload" and np.isfinite(total):
        shape.fastest = max(shape.fastest, total)
    ranks = ("", "flow_unsized", "flow_upload", "flow_young", "flow_old")
    if ranks.index(piece) > ranks.index(shape.piece):
        shape.piece, shape.rate, shape.age, shape.peer = piece, total, age, peer


def _listening(
    processes: Sequence[str | None], states: Sequence[str | None], ports: Sequence[str | None]
) -> set[tuple[str | None, str | None]]:
    columns = zip(processes, states, ports, strict=True)
    return {(process, port) for process, state, port in columns if state == "listen"}
