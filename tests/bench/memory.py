"""The whole daemon

`aisec-daemon run` as it is started on a node, over a fake driver with 8 busy GPUs and 16 processes
on them, or without a driver; scraped every 15 s; CPU over a minute, memory at its end. PSS divides
a page of memory by the number of processes that share it, private memory is what is shared with
nobody. The child is the process that talks to the driver: here the fake driver, written in Python,
runs inside it, so that its CPU is more than a real one's; what NVIDIA's library itself needs is
not in here.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from tests.bench import cost
from tests.bench.node import busy_node
from tests.bench.report import table
from tests.daemon import running

SETTLE_SECONDS, SECONDS, SCRAPE_SECONDS = 5.0, 60.0, 15.0
NODES = (("8", 200, True), ("8", 2000, True), ("no driver", 200, False))
HEAD = ["GPUs", "processes", "CPU, % of a core", "of which the child", "PSS, MiB"]
HEAD += ["of which the child", "private, MiB"]


def over_a_minute(pids: list[int], scrape: Callable[[], object]) -> list[list[cost.Cost]]:
    """Return for each process its own cost and its descendants'; CPU as used in this minute."""
    time.sleep(SETTLE_SECONDS)
    before = [[cost.of(pid), cost.of_descendants(pid)] for pid in pids]
    end = time.monotonic() + SECONDS
    while (left := end - time.monotonic()) > 0:
        time.sleep(min(left, SCRAPE_SECONDS))
        scrape()
    after = [[cost.of(pid), cost.of_descendants(pid)] for pid in pids]
    return [
        [now.since(then) for now, then in zip(*pair, strict=True)]
        for pair in zip(after, before, strict=True)
    ]


def percent(spent: cost.Cost) -> float:
    """Return CPU as percent of a core."""
    return 100 * spent.cpu / SECONDS


def row(gpus: str, processes: int, world: bool) -> list[str]:
    with (
        busy_node(processes) as (folder, driver),
        running(folder / "state", world=driver if world else None) as daemon,
    ):
        daemon.wait(lambda: daemon.ready)
        ((own, child),) = over_a_minute([daemon.process.pid], daemon.get)
        daemon.stop()
    return [
        gpus,
        f"{processes}",
        f"{percent(own + child):.2f}",
        f"{percent(child):.2f}" if child.processes else "",
        f"{own.pss + child.pss:.0f}",
        f"{child.pss:.0f}" if child.processes else "",
        f"{own.private + child.private:.0f}",
    ]


def measure() -> str:
    return table(HEAD, [row(*node) for node in NODES])
