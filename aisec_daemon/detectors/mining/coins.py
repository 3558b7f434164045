"""How large the table is that a coin's algorithm keeps on a GPU today.

The sizes follow from the protocols; block heights are reckoned from one date by the time between
blocks, so they age by themselves. A size is likely, never proof: any program may hold as much.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from aisec_daemon.numerics.window import Array

_GIB = 2.0**30
_MIB = 2.0**20
_ANCHOR = 1_795_392_000.0  # 2026-11-23, when the heights below were reckoned
_CONTEXT_BYTES = 0.9 * _GIB  # what CUDA and the program's buffers add: 0.53 GiB on an H200

Size: TypeAlias = Callable[[float], float]


@dataclass(frozen=True)
class Coin:
    """An algorithm with a table: its size in bytes at a height, and the height at a time."""

    name: str
    height: float  # at the anchor
    block_seconds: float
    size: Size
    source: str

    def bytes_at(self, time: float) -> float:
        """Return the table's size at `time`, in seconds since 1970."""
        return self.size(self.height + (time - _ANCHOR) / self.block_seconds)


def _dag(epoch_blocks: int) -> Size:
    """Ethash's growth: 1 GiB, and 8 MiB more in each epoch."""
    return lambda height: _GIB + 8 * _MIB * (height // epoch_blocks)


def _autolykos(height: float) -> float:
    """31 bytes for each of N elements; N grows by 5 % every 51,200 blocks, from 614,400 on."""
    steps = min(max((height - 614_400) // 51_200 + 1, 0), 71)
    return float(31 * 2**26 * 1.05**steps)


COINS = (
    Coin("Etchash (ETC)", 433 * 60_000, 13.2, _dag(60_000), "ECIP-1099; height reckoned"),
    Coin("KawPow (RVN)", 621 * 7_500, 60.0, _dag(7_500), "ProgPoW epochs; height reckoned"),
    Coin("Autolykos2 (ERG)", 1_945_000, 120.0, _autolykos, "Ergo documentation; height reckoned"),
)


def match(used_bytes: Array, time: float) -> tuple[tuple[str, ...], Array]:
    """Return for each footprint (S,) the coin whose table fits it, or an empty word, and its size.

    A table fits what is at least as large and not larger than it by more than a context takes.
    """
    sizes = np.array([coin.bytes_at(time) for coin in COINS])
    excess = used_bytes[:, None] - sizes
    fits = (excess >= 0) & (excess <= _CONTEXT_BYTES)
    best = np.argmax(np.where(fits, sizes, -np.inf), axis=1)
    found = fits.any(axis=1)
    names = tuple(
        COINS[coin].name if hit else "" for coin, hit in zip(best.tolist(), found, strict=True)
    )
    return names, np.where(found, sizes[best], np.nan)
