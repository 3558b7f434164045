"""Cards: what NVML says of the GPU models that scenes are played on.

Board power, memory and clocks are the makers' data sheets, rounded; idle power with and without a
context, and which numbers there are, are recorded on an H200 and reasoned for the others. GPM
(pipes) begins with Hopper among the data centre cards and has been there on none of the others.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Card:
    """One GPU model; `awake_watts` is drawn by a card with a context that does nothing."""

    key: str
    name: str
    memory_gib: float
    limit_watts: float
    idle_watts: float
    awake_watts: float
    sm_hertz: float
    memory_hertz: float
    large: bool = False  # a data centre card of Ampere or later, which hashing alone fills less
    pipes: bool = False  # GPM
    averaged: bool = True  # power is averaged by the driver over about a second
    nvlink: bool = False
    ecc: bool = True
    context_gib: float = 0.4


CARDS = {
    card.key: card
    for card in (
        Card(
            *("h200", "NVIDIA H200", 140.4, 700, 79, 124, 1.98e9, 3.201e9),  # recorded
            large=True,
            pipes=True,
            averaged=False,
            nvlink=True,
            context_gib=0.55,
        ),
        Card(
            *("h100", "NVIDIA H100 80GB HBM3", 79.6, 700, 70, 115, 1.98e9, 2.619e9),
            large=True,
            pipes=True,
            averaged=False,
            nvlink=True,
            context_gib=0.52,
        ),
        Card(
            *("a100", "NVIDIA A100-SXM4-80GB", 80.0, 400, 60, 85, 1.41e9, 1.593e9),
            large=True,
            averaged=False,
            nvlink=True,
        ),
        Card("a40", "NVIDIA A40", 45.0, 300, 32, 80, 1.74e9, 7.251e9, large=True),
        Card(
            *("rtx4090", "NVIDIA GeForce RTX 4090", 24.0, 450, 20, 60, 2.52e9, 10.501e9), ecc=False
        ),
        Card(
            *("rtx3090", "NVIDIA GeForce RTX 3090", 24.0, 350, 22, 105, 1.86e9, 9.751e9), ecc=False
        ),
        Card("t4", "Tesla T4", 15.0, 70, 10, 27, 1.59e9, 5.001e9, context_gib=0.1),
        Card(
            *("v100", "Tesla V100-SXM2-32GB", 32.0, 300, 42, 56, 1.53e9, 0.877e9),
            averaged=False,
            nvlink=True,
            context_gib=0.3,
        ),
    )
}
