"""Limits of the journal."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """How long changes are kept, how large the file may grow, how many may wait in memory."""

    keep_seconds: float = 90 * 86400.0
    size_max_bytes: int = 256 << 20
    waiting_max: int = 4096
