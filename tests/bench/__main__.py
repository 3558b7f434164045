"""Measures what the daemon costs: `python -m tests.bench [--peers] [PAGE.md | MEASUREMENT …]`.

A measurement is a module of this folder with `measure()`, which returns a Markdown table; its
docstring is the section above it. Each runs in a process of its own. With a page, all run and the
page is written; without, what was named is printed. `--peers` fetches the exporters
that `matrix` sets beside us.
"""

from __future__ import annotations

import argparse
import importlib
import os
import platform
import subprocess
import sys
from pathlib import Path

import aisec_daemon
from tests.bench import peers

MEASUREMENTS = (
    *("matrix", "start", "size", "nvml_calls", "scan", "context", "listener", "posture"),
    *("inventory", "step", "mining", "render", "scrape", "replay", "soak"),
)
ALONE = ("limits",)  # on a page of its own

_ABOUT = """# What it costs

Written by `{command}`; do not edit. A figure with brackets is a median and the middle half. Peers
and naive twins run in turn with what they are compared with, or at the same time, since machines
are noisy: trust the ratios more than the milliseconds. What can be counted instead of timed is held
to its limits by `tests/test_smoke_bench.py`.

aisec-daemon {version}, {system}, {machine}, {cores} cores, Python {python};
load average at the start {load:.1f} (what else ran on the machine is in the milliseconds, too).
"""


def section(name: str) -> str:
    """Return one measurement with its heading; run in the measurement's own process."""
    module = importlib.import_module(f"tests.bench.{name}")
    title, _, about = module.__doc__.strip().partition("\n")
    command = f"python -m tests.bench {'--peers ' * (name == 'matrix')}{name}"
    return f"## {title}\n{about}\n\n`{command}`\n\n{module.measure()}\n"


def measured(name: str) -> str:
    """Have a fresh process measure, and return what it wrote."""
    sys.stderr.write(f"{name} …\n")
    command = [sys.executable, "-m", "tests.bench", "--here", name]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return done.stdout


def machine() -> str:
    """Say in general words what this ran on."""
    model = [
        line.partition(":")[2].strip()
        for line in Path("/proc/cpuinfo").read_text().splitlines()
        if line.startswith("model name")
    ]
    return model[0] if model else platform.machine()


def head(*, with_peers: bool) -> str:
    """Say what was measured, on what."""
    release = platform.release().partition("-")[0]
    return _ABOUT.format(
        command="make bench" if with_peers else "python -m tests.bench docs/footprint.md",
        version=aisec_daemon.__version__,
        system=f"{platform.system()} {release}",
        machine=machine(),
        cores=len(os.sched_getaffinity(0)),
        load=os.getloadavg()[0],
        python=platform.python_version(),
    )


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("what", nargs="+", help="measurements, or the page to write")
    parser.add_argument("--peers", action="store_true", help="fetch the peers first")
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    known = (*MEASUREMENTS, *ALONE)
    if given.peers:
        peers.install()
    if given.here:
        sys.stdout.write(section(given.what[0]))
    elif set(given.what) <= set(known):
        sys.stdout.write("\n".join(map(measured, given.what)))
    elif len(given.what) == 1 and given.what[0].endswith(".md"):
        text = "\n".join([head(with_peers=given.peers), *map(measured, MEASUREMENTS)])
        Path(given.what[0]).write_text(text, encoding="utf-8")
    else:
        parser.error(f"name a page to write, or any of: {', '.join(known)}")


if __name__ == "__main__":
    main()
