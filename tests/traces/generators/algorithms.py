"""Algorithms: what mining looks like on a GPU, as ranges, each with where it is from.

Sources: [doc] documentation of a protocol or a miner, or computed from it; [post] readings that
people have published; [recorded] our own stand-ins on an H200 (tests/hardware), which are like the
memory and pipe use of such a program and are none; [reasoned] nothing better. Tables are as of
2026-11-23 and grow by the protocols' formulas.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

GIB = 2.0**30
DAY = 86400.0
_AS_OF = 1_795_392_000.0  # 2026-11-23

Range = tuple[float, float]
Size = Callable[[float], float]


def _since(time: float) -> float:
    return (time - _AS_OF) / DAY


def etchash_gib(time: float) -> float:
    """1 GiB + 8 MiB an epoch of 60,000 blocks (ECIP-1099), 9.2 days each, epoch 433 [doc]."""
    return 1 + 8 / 1024 * int(433 + _since(time) / 9.2)


def kawpow_gib(time: float) -> float:
    """1 GiB + 8 MiB an epoch of 7,500 blocks, 5.2 days each, epoch 621 [doc]."""
    return 1 + 8 / 1024 * int(621 + _since(time) / 5.2)


def autolykos_gib(time: float) -> float:
    """N * 31 bytes; N is 2^26, 5 % more every 51,200 blocks from 614,400; height 1.945 M [doc]."""
    height = 1.945e6 + _since(time) * DAY / 120
    rows = 2**26
    for _ in range(int((height - 614_400) // 51_200) + 1):
        rows = rows // 100 * 105
    return rows * 31 / GIB


def octopus_gib(time: float) -> float:
    """4 GiB + 16 MiB an epoch of 524,288 heights; 8 to 9 GiB by the height's estimate [doc]."""
    return 8.3 + 16 / 1024 * int(_since(time) * DAY * 0.85 / 524_288)


@dataclass(frozen=True)
class Algorithm:
    """Ranges of what a GPU shows under full load.

    `table` is the memory beside the context, GiB; `other` what else is held. `memory` is the memory
    controller's utilisation, `memory_large` the same on large data centre cards, `power` and
    `power_large` shares of the limit. `pushed` are seconds between the server's messages (new
    blocks and keep-alives), `share_seconds` between the miner's, `share_bytes` their size.
    """

    name: str
    table: Size | Range
    memory: Range
    memory_large: Range
    power: Range
    power_large: Range
    pushed: Range
    integer: Range = (0.55, 1.0)
    imma: Range = (0.0, 0.0)
    dram: Range = (0.0, 0.0)
    other: Range = (0.02, 0.35)
    busy: Range = (0.97, 1.0)  # [post] 97 to 100 %; [recorded] 0.99 without any deviation
    jitter: Range = (0.002, 0.015)  # [recorded] 0.3 to 1.4 % of power, from second to second
    share_seconds: Range = (2.0, 40.0)  # [reasoned] pools set the difficulty to seconds a share
    share_bytes: Range = (150, 400)  # [reasoned] a line of JSON-RPC
    low_memory_clock: float = 0.0  # how often the memory clock is locked low (not on large cards)
    # every so many seconds, for so many, down by so much
    dips: tuple[Range, Range, Range] | None = None
    steps: tuple[float, float] | None = None  # level drawn anew: seconds, deviation
    build_seconds: Range = (2.0, 12.0)  # [reasoned] a table is made in seconds


ALGORITHMS = {
    algorithm.name: algorithm
    for algorithm in (
        Algorithm(
            "etchash",
            table=etchash_gib,
            memory=(0.88, 1.0),  # [post] 100 % on a 1060; [doc] 90 % of a CMP 170HX's bandwidth
            memory_large=(0.25, 0.95),  # [recorded] 0.25 for a stand-in bound by its arithmetic
            power=(0.50, 0.75),  # [post] 120 W of a 1060, 134 of 250 W of a P100
            power_large=(0.45, 0.75),  # [recorded] 0.68
            integer=(0.30, 0.98),  # [recorded] 0.96; less where it waits for memory [reasoned]
            dram=(0.19, 0.92),  # [recorded] 0.19 to [doc] 0.90
            pushed=(8, 16),  # [doc] a block in 13 s
        ),
        Algorithm(
            "kawpow",
            table=kawpow_gib,
            memory=(0.60, 0.90),  # [reasoned]
            memory_large=(0.20, 0.85),  # [reasoned]
            power=(0.82, 1.0),  # [doc] "much hotter than ethash"
            power_large=(0.55, 0.95),  # [reasoned]
            integer=(0.45, 0.95),
            dram=(0.20, 0.80),
            pushed=(20, 60),  # [doc] a block in 60 s
            steps=(60.0, 0.04),  # [doc] up to 10 % with the block's height
            dips=((110, 400), (0.2, 0.6), (0.5, 1.0)),  # kernel compiled anew [reasoned]
        ),
        Algorithm(
            "autolykos",
            table=autolykos_gib,
            other=(0.05, 0.6),
            memory=(0.70, 0.95),  # [reasoned]
            memory_large=(0.25, 0.90),
            power=(0.50, 0.70),  # [reasoned]
            power_large=(0.40, 0.70),
            integer=(0.35, 0.95),
            dram=(0.20, 0.85),
            pushed=(30, 120),  # [doc] a block in 120 s
            dips=((90, 150), (0.5, 2.5), (0.1, 0.5)),  # [doc] table depends on the block's height
        ),
        Algorithm(
            "octopus",
            table=octopus_gib,
            memory=(0.60, 0.90),  # [reasoned]
            memory_large=(0.20, 0.85),
            power=(0.80, 0.97),  # [reasoned]
            power_large=(0.50, 0.90),
            integer=(0.45, 0.97),
            dram=(0.20, 0.80),
            pushed=(2, 10),  # [reasoned] blocks come twice a second, pools thin them out
        ),
        Algorithm(
            "core-bound",
            table=(0.02, 0.5),  # [doc] 0.1 GB (eaglesong and the like); [recorded] 0.5
            other=(0.0, 0.1),
            memory=(0.0, 0.05),  # [post] 5 % on a 1080 Ti; [recorded] 0
            memory_large=(0.0, 0.02),
            power=(0.75, 1.0),  # [post] 209 to 218 W at a limit of 212.5
            power_large=(0.35, 0.85),  # [recorded] 0.57
            integer=(0.85, 1.0),  # [recorded] 1.0
            dram=(0.0, 0.01),
            pushed=(1, 20),  # [doc] from ten blocks a second to one in 16 s
            low_memory_clock=0.7,  # [doc] locked to 810 MHz by the miners' own advice
            build_seconds=(0.5, 2),
        ),
        Algorithm(
            "equihash",
            table=(1.8, 4.0),  # [reasoned]
            memory=(0.50, 0.90),  # [reasoned]
            memory_large=(0.20, 0.80),
            power=(0.70, 0.95),
            power_large=(0.45, 0.85),
            integer=(0.40, 0.95),
            dram=(0.20, 0.75),
            jitter=(0.008, 0.03),
            pushed=(15, 60),
            dips=((0.9, 1.3), (0.1, 0.2), (0.2, 0.6)),  # several kernels a solution [reasoned]
        ),
        Algorithm(
            "cuckoo",
            table=(5.0, 10.9),  # [doc] 5 and 8 GiB, [post] 5.5 and 11
            memory=(0.60, 1.0),  # [reasoned]
            memory_large=(0.25, 0.90),
            power=(0.70, 0.90),
            power_large=(0.45, 0.80),
            integer=(0.30, 0.90),
            dram=(0.25, 0.90),
            busy=(0.93, 1.0),
            jitter=(0.01, 0.05),
            pushed=(20, 180),
            dips=((0.3, 1.5), (0.05, 0.2), (0.3, 0.8)),  # a graph in 0.3 to 1.5 s [reasoned]
        ),
        Algorithm(
            "pearl",
            table=(1.0, 9.0),  # [reasoned] matrices of a size that is not known
            memory=(0.02, 0.50),  # [reasoned]; [recorded] 0
            memory_large=(0.0, 0.40),
            power=(0.85, 1.0),  # [doc] 350 W of a 3090
            power_large=(0.40, 0.97),  # [recorded] 0.45
            integer=(0.05, 0.35),  # [recorded] 0.24
            imma=(0.45, 0.95),  # [recorded] 0.78
            dram=(0.0, 0.40),
            pushed=(30, 194),  # [doc] a block in 194 s
            share_seconds=(3.0, 60.0),  # [doc] one every few seconds on a 5090
            share_bytes=(360_000, 376_000),  # [doc] 368 KB
        ),
    )
}
