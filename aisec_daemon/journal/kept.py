"""What is kept besides changes: cases as they stand, and what detectors remember."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from aisec_daemon.model import Change, Finding, State


@dataclass(frozen=True)
class KeptCase:
    """A pending or open finding, since when nothing spoke for it, and whether it was told."""

    finding: Finding
    calm_since: float = math.nan
    told: bool = False


@dataclass(frozen=True)
class Entry:
    """A change by its number; `tell` is what receivers are told of it, None for nothing."""

    seq: int
    change: Change
    tell: Change | None


@dataclass(frozen=True)
class Kept:
    """Everything that a restart needs, as of one instant.

    `states` are detectors' memories by rule, each with its version, `cases` the casebook. It was
    taken after the change `after`.
    """

    time: float
    states: Mapping[str, tuple[int, State]] = field(default_factory=dict)
    cases: tuple[KeptCase, ...] = ()
    after: int = 0


def pack_state(state: State) -> bytes:
    """Return a detector's memory: its keys as JSON, and its numbers as they are."""
    head = json.dumps([list(state.keys), list(state.values.shape)]).encode("ascii")
    single = state.values.dtype == np.float32
    numbers = state.values.astype("<f4" if single else "<f8").tobytes()
    return len(head).to_bytes(4, "little") + head + numbers


def unpack_state(content: bytes) -> State:
    """Return what `pack_state` was given; ValueError if it is damaged."""
    end = 4 + int.from_bytes(content[:4], "little")
    keys, shape = json.loads(content[4:end])
    single = len(content) - end == 4 * math.prod(shape)  # of float32, not float64
    numbers = np.frombuffer(content[end:], dtype="<f4" if single else "<f8")
    values = numbers.astype(np.float32 if single else np.float64).reshape(shape)
    if len(keys) != len(values):
        raise ValueError(f"{len(keys)} keys, {len(values)} rows")
    return State(tuple(keys), values)


def unpacked_state(content: bytes) -> State | None:
    """Return what `pack_state` was given; None if it is damaged."""
    try:
        return unpack_state(content)
    except (ValueError, TypeError, KeyError):
        return None
