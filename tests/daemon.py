"""The real daemon as a subprocess, for tests that look at it from outside."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Thread
from types import MappingProxyType

from prometheus_client.parser import text_string_to_metric_families

ROOT = Path(__file__).parents[1]
FAKE_SITE = ROOT / "tests/fake_nvml/site"


@dataclass
class Running:
    """A daemon that runs: where it listens, what it has logged."""

    process: subprocess.Popen[str]
    log: list[str] = field(default_factory=list)

    @property
    def address(self) -> str:
        return self.wait(lambda: re.search(r"look at http://(\S+)/ ", "\n".join(self.log)))[1]

    def get(self, path: str = "/metrics", timeout: float = 5.0) -> str:
        with urllib.request.urlopen(f"http://{self.address}{path}", timeout=timeout) as answer:
            return answer.read().decode()

    @property
    def ready(self) -> bool:
        try:
            return self.get("/-/ready") == "ready\n"
        except urllib.error.HTTPError as refusal:
            refusal.close()
            return False

    def series(self) -> dict[tuple[str, frozenset], float]:
        """Return every series of the page by name and labels."""
        return {
            (sample.name, frozenset(sample.labels.items())): sample.value
            for family in text_string_to_metric_families(self.get())
            for sample in family.samples
        }

    def value(self, name: str, **labels: str) -> float | None:
        """Return the one series of that name whose labels include these, None if there is none."""
        wanted = set(labels.items())
        found = [v for (n, have), v in self.series().items() if n == name and wanted <= have]
        assert len(found) <= 1, f"{name} {labels} is not one series: {found}"
        return found[0] if found else None

    def wait(self, condition: Callable[[], object], seconds: float = 20.0):
        """Return what a condition gives once it is true; fail with the log after a while."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if value := condition():
                return value
            assert self.process.poll() is None, "\n".join(self.log)
            time.sleep(0.1)
        raise AssertionError("it did not come to pass; the log:\n" + "\n".join(self.log))

    def signal(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def stop(self) -> int:
        self.signal(signal.SIGTERM)
        return self.process.wait(timeout=5)


@contextmanager
def running(
    state: Path,
    *arguments: str,
    world: Path | None = None,
    command: list[str] | None = None,
    variables: Mapping[str, str] = MappingProxyType({}),
) -> Iterator[Running]:
    """Start `aisec-daemon run`, or another command that serves a page.

    `world` is the scenario of a fake driver; without one there is no driver.
    """
    env = {**os.environ, "PYTHONUNBUFFERED": "1", **variables}
    if world is not None:
        env |= {"PYTHONPATH": f"{FAKE_SITE}", "AISEC_FAKE_NVML": str(world)}
    verb = command or ["run", "--state", str(state)]
    process = subprocess.Popen(
        [sys.executable, "-m", "aisec_daemon", *verb, "--listen", "127.0.0.1:0", *arguments],
        cwd=ROOT,
        env=env,
        stderr=subprocess.PIPE,
        text=True,
    )
    daemon = Running(process)
    reader = Thread(target=lambda: daemon.log.extend(_lines(process)), daemon=True)
    reader.start()
    try:
        yield daemon
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()
        reader.join(timeout=5)
        process.stderr.close()


def _lines(process: subprocess.Popen[str]) -> Iterator[str]:
    for line in process.stderr:
        yield line.rstrip("\n")
