"""The whole daemon, beside its peers

`aisec-daemon run` as it is started on a node, all samplers and detectors at their defaults, over a
fake driver with busy GPUs, two processes on each; and, at the same time, so that the machine's
noise hits all alike, what else could watch it: nvitop-exporter (GPUs and the processes on them,
every second), prometheus-node-exporter (the machine) and prometheus-process-exporter (processes by
user), each if it is there (`--peers` fetches them). Each is scraped every 5 s, in turn. CPU and
memory are those of whole process trees; PSS divides a page of memory by the number of processes
that share it. Then comes a burst of scrapes, each asked in turn, a connection each, uncompressed;
its CPU is not counted. The daemon's child holds the fake driver, written in Python, as nvitop-
exporter itself does: a real driver costs other CPU. Calls that the fake driver lacks (power, PCIe)
cost that exporter nothing here.

Exponents say how a number grows with the node: 1 is in proportion, less is slower. CPU, memory and
page follow `size ** exponent`, fitted by least squares over all rows of the daemon.
"""

from __future__ import annotations

import http.client
import itertools
import time
from dataclasses import dataclass, field

import numpy as np

from aisec_daemon.samplers.sensor import Sensor
from tests.bench import cost, peers
from tests.bench.node import busy_node
from tests.bench.report import series, table
from tests.daemon import Running, running

GPUS, PROCESSES = (1, 4, 8, 16), (200, 2000)
SETTLE_SECONDS, SECONDS, SCRAPE_SECONDS = 8.0, 30.0, 5.0
BURST, PAUSE_SECONDS, MOST_MILLISECONDS = 100, 0.02, 8000.0
OURS = "aisec-daemon"


@dataclass
class Measured:
    """What one program cost on one node."""

    name: str
    gpus: int
    processes: int
    spent: cost.Cost
    series: int
    scrapes: list[float] = field(default_factory=list)
    calls: float = float("nan")

    def cells(self) -> list[str]:
        p50, p99 = np.percentile(self.scrapes, [50, 99])
        return [
            f"{self.gpus}",
            f"{self.processes}",
            self.name,
            f"{60 * self.spent.cpu / SECONDS:.2f}",
            f"{self.spent.pss:.0f}",
            f"{self.series}",
            f"{p50:.1f}",
            f"{p99:.1f}",
            "" if np.isnan(self.calls) else f"{self.calls:.1f}",
        ]


def scrape(address: str) -> tuple[float, str]:
    """Return the milliseconds a scrape took, and the page."""
    begun = time.perf_counter()
    connection = http.client.HTTPConnection(address, timeout=20)
    connection.request("GET", "/metrics")
    page = connection.getresponse().read()
    connection.close()
    return 1e3 * (time.perf_counter() - begun), page.decode()


def nvml_calls(page: str) -> np.ndarray:
    """Return how many calls into NVML the page tells of, and at which turn of that sampler.

    Fields are told of one by one, and asked for in one call: they do not count.
    """
    calls, turns = "aisec_sensor_calls_total{", 'aisec_upkeep_runs_total{part="sampler/sensor"}'
    lines = [line for line in page.splitlines() if 'sensor="nvml",call="nvml' in line]
    told = sum(float(line.rsplit(" ", 1)[1]) for line in lines if line.startswith(calls))
    at = [line for line in page.splitlines() if line.startswith(turns)]
    return np.array([told, float(at[0].rsplit(" ", 1)[1]) if at else 0.0])


def tree(pid: int) -> cost.Cost:
    return cost.of(pid) + cost.of_descendants(pid)


def on_a_node(gpus: int, processes: int) -> list[Measured]:
    """Measure the daemon and every peer on a node of this size."""
    with (
        busy_node(processes, gpus) as (folder, world),
        running(folder / "state", world=world) as daemon,
        peers.running(world) as others,
    ):
        daemon.wait(lambda: daemon.ready)
        places = {OURS: daemon.address, **{peer.name: peer.address for peer in others}}
        pids = {OURS: daemon.process.pid, **{peer.name: peer.process.pid for peer in others}}
        time.sleep(SETTLE_SECONDS)
        before = {name: tree(pid) for name, pid in pids.items()}
        pages = {name: scrape(place)[1] for name, place in places.items()}
        calls = nvml_calls(pages[OURS])
        end = time.monotonic() + SECONDS
        while (left := end - time.monotonic()) > 0:
            time.sleep(min(left, SCRAPE_SECONDS))
            pages = {name: scrape(place)[1] for name, place in places.items()}
        spent = {name: tree(pid).since(before[name]) for name, pid in pids.items()}
        times = burst(places)
        daemon.stop()
    found = [
        Measured(name, gpus, processes, spent[name], series(pages[name]), times[name])
        for name in places
    ]
    more, turns = nvml_calls(pages[OURS]) - calls
    found[0].calls = more / gpus / (turns * Sensor().period)
    return found


def burst(places: dict[str, str]) -> dict[str, list[float]]:
    """Scrape all in turn; one that takes long less often."""
    times: dict[str, list[float]] = {name: [] for name in places}
    for _ in range(BURST):
        for name, place in places.items():
            if sum(times[name]) < MOST_MILLISECONDS:
                times[name].append(scrape(place)[0])
        time.sleep(PAUSE_SECONDS)
    return times


def exponents(ours: list[Measured]) -> list[list[str]]:
    """Fit how CPU, memory, page and scrape grow with GPUs, processes and series."""
    size = [[1.0, np.log(each.gpus), np.log(each.processes)] for each in ours]
    shown = [[1.0, np.log(each.series)] for each in ours]
    numbers = {
        "CPU": [each.spent.cpu for each in ours],
        "PSS": [each.spent.pss for each in ours],
        "series": [each.series for each in ours],
        "scrape, p50": [float(np.median(each.scrapes)) for each in ours],
    }
    rows = []
    for name, values in numbers.items():
        _, gpus, processes = np.linalg.lstsq(np.array(size), np.log(values), rcond=None)[0]
        _, by_series = np.linalg.lstsq(np.array(shown), np.log(values), rcond=None)[0]
        rows.append([name, f"{gpus:.2f}", f"{processes:.2f}", f"{by_series:.2f}"])
    return rows


def no_driver() -> list[str]:
    """Return the daemon's row on a node without GPUs."""
    with busy_node(PROCESSES[0]) as (folder, _), running(folder / "state") as daemon:
        daemon.wait(lambda: daemon.ready)
        time.sleep(SETTLE_SECONDS)
        before = tree(daemon.process.pid)
        scrapes = list(scraped_for(daemon, SECONDS))
        spent = tree(daemon.process.pid).since(before)
        page = daemon.get()
        daemon.stop()
    made = Measured(f"{OURS}, no driver", 0, PROCESSES[0], spent, series(page), scrapes)
    return made.cells()


def scraped_for(daemon: Running, seconds: float) -> list[float]:
    end, times = time.monotonic() + seconds, []
    while (left := end - time.monotonic()) > 0:
        time.sleep(min(left, SCRAPE_SECONDS))
        times.append(scrape(daemon.address)[0])
    return times


def measure() -> str:
    nodes = itertools.product(GPUS, PROCESSES)
    found = [measured for size in nodes for measured in on_a_node(*size)]
    head = ["GPUs", "processes", "program", "CPU seconds a minute", "PSS, MiB", "series"]
    head += ["scrape p50, ms", "p99, ms", "NVML calls per GPU and second"]
    ours = [each for each in found if each.name == OURS]
    rows = [no_driver(), *(each.cells() for each in found)]
    growth = table(["exponent of", "over GPUs", "over processes", "over series"], exponents(ours))
    return f"{table(head, rows)}\n\n{growth}"
