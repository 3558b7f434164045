"""One scrape

The daemon with 8 busy GPUs and 200 processes, and prometheus-client's own server with the very same
series, scraped in turn, gzip, a connection each. "New page" are the scrapes that got a page which
had changed since the last: they pay for its compression, as one every 15 s always does. Then, with
one GPU whose driver call hangs for good, all of it once more.
"""

from __future__ import annotations

import gzip
import http.client
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from tests.bench.matrix import SETTLE_SECONDS
from tests.bench.node import busy_node
from tests.bench.report import series, table
from tests.daemon import Running, running
from tests.fake_nvml import scenario

PROCESSES, SCRAPES, PAUSE_SECONDS, HANGING_SECONDS = 200, 200, 0.1, 5.0

_PROGRAM = """
import sys
from prometheus_client import CollectorRegistry, Gauge, start_http_server
from prometheus_client.parser import text_string_to_metric_families
registry, gauges = CollectorRegistry(), {}
for family in text_string_to_metric_families(sys.stdin.read()):
    for sample in family.samples:
        names = tuple(sorted(sample.labels))
        gauge = gauges.get(sample.name)
        if gauge is None:
            gauge = Gauge(sample.name, family.documentation, names, registry=registry)
            gauges[sample.name] = gauge
        (gauge.labels(**sample.labels) if names else gauge).set(sample.value)
server, _ = start_http_server(0, "127.0.0.1", registry)
print(server.server_port, flush=True)
_.join()
"""


@contextmanager
def client_server(page: str) -> Iterator[str]:
    """Serve the series of a page by prometheus-client; yields the address."""
    with subprocess.Popen(
        [sys.executable, "-c", _PROGRAM], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            process.stdin.write(page)
            process.stdin.close()
            yield f"127.0.0.1:{int(process.stdout.readline())}"
        finally:
            process.kill()


def scrape(address: str) -> tuple[float, bytes]:
    """Return the milliseconds a scrape took, and the page."""
    begun = time.perf_counter()
    connection = http.client.HTTPConnection(address, timeout=5)
    connection.request("GET", "/metrics", headers={"Accept-Encoding": "gzip"})
    packed = connection.getresponse().read()
    connection.close()
    return 1e3 * (time.perf_counter() - begun), gzip.decompress(packed)


def alternate(ours: str, theirs: str) -> tuple[list[float], list[bool], list[float]]:
    """Scrape both in turn; returns times of ours, whether the page was new, times of theirs."""
    last = b""
    rounds = []
    for _ in range(SCRAPES):
        our_time, page = scrape(ours)
        rounds.append((our_time, page != last, scrape(theirs)[0]))
        last = page
        time.sleep(PAUSE_SECONDS)
    our_times, new, their_times = zip(*rounds, strict=True)
    return list(our_times), list(new), list(their_times)


def row(name: str, times: np.ndarray, against: np.ndarray) -> list[str]:
    middle, late = np.percentile(times, [50, 99])
    ratio = np.median(against) / middle
    return [name, f"{len(times)}", f"{middle:.2f}", f"{late:.2f}", f"{ratio:.1f}"]


def hang(world: Path) -> None:
    """Have the first GPU hang."""
    made = json.loads(world.read_text())
    made["gpus"][0]["hang"] = {"nvmlDeviceGetMemoryInfo_v2": 600}
    scenario.write(world, made)


def read_age(daemon: Running) -> float:
    """Return for how long the GPU that was read longest ago has not been read."""
    series = daemon.series().items()
    return max(age for (name, _), age in series if name == "aisec_gpu_read_age_seconds")


def measure() -> str:
    with busy_node(PROCESSES) as (folder, world), running(folder / "state", world=world) as daemon:
        daemon.wait(lambda: daemon.ready)
        time.sleep(SETTLE_SECONDS)
        page = daemon.get()
        with client_server(page) as peer:
            times, new, theirs = map(np.array, alternate(daemon.address, peer))
            hang(world)
            daemon.wait(lambda: read_age(daemon) > HANGING_SECONDS)
            hanging, _, _ = map(np.array, alternate(daemon.address, peer))
        daemon.stop()
    rows = [
        row("aisec-daemon, new page", times[new], theirs),
        row("aisec-daemon, same page", times[~new], theirs),
        row("aisec-daemon, one GPU hangs", hanging, theirs),
        row("prometheus-client", theirs, theirs),
    ]
    head = [
        f"{series(page)} series",
        "scrapes",
        "p50, ms",
        "p99, ms",
        "prometheus-client's p50/this",
    ]
    return table(head, rows)
