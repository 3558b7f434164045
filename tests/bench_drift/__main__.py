"""Measures drift: `python -m tests.bench_drift [--data FOLDER] [PAGE.md | PART …]`.

A part is a module of this folder with `measure()`, which returns Markdown; its docstring is the
section above it. Public data is read from the folder given (nab, exathlon, gpu), and where it is
not there, the page says where it comes from. Each part runs in a process of its own.
"""

from __future__ import annotations

import argparse
import importlib
import os
import subprocess
import sys
from pathlib import Path

import numpy as np

from aisec_daemon.numerics import novelty, profile
from tests.bench.__main__ import machine

PARTS = {
    "novel": "nab",
    "exathlon": "exathlon",
    "few": "exathlon",
    "recordings": "gpu",
    "takeover": "",
    "outputs": "",
    "cost": "",
}

_ABOUT = """# How well drift is found

Written by `{command}`; do not edit. One frozen configuration for all of it: half-life
{half:g} samples, median of {median}, {net} values remembered, grain {grain:g}, news for
{renewed} samples, {width} bytes a series. Nothing of the data is part of this repository.

NumPy {numpy}, Python {python}, {machine}, {cores} cores, load average at the start {load:.1f}.
"""


def section(name: str, data: Path) -> str:
    """Return one part with its heading; run in the part's own process."""
    module = importlib.import_module(f"tests.bench_drift.{name}")
    title, _, about = module.__doc__.strip().partition("\n")
    folder = PARTS[name]
    if not folder:
        found = module.measure()
    elif (data / folder).is_dir():
        found = module.measure(data / folder)
    else:
        found = f"Not measured: there is no {folder} in the data folder. Source: {module.SOURCE}."
    command = f"python -m tests.bench_drift --data FOLDER {name}"
    return f"## {title}\n{about}\n\n`{command}`\n\n{found}\n"


def measured(name: str, data: Path) -> str:
    """Have a fresh process measure, and return what it wrote."""
    sys.stderr.write(f"{name} …\n")
    command = [sys.executable, "-m", "tests.bench_drift", "--data", str(data), "--here", name]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return done.stdout


def head() -> str:
    return _ABOUT.format(
        command="make bench-drift",
        half=novelty.HALF_LIFE,
        median=novelty.MEDIAN,
        net=novelty.NET,
        grain=novelty.GRAIN,
        renewed=novelty.RENEWED,
        width=4 * profile.WIDTH,
        numpy=np.__version__,
        python=".".join(map(str, sys.version_info[:3])),
        machine=machine(),
        cores=len(os.sched_getaffinity(0)),
        load=os.getloadavg()[0],
    )


def renewed(page: Path, names: list[str], data: Path) -> str:
    """Measure some parts again, and return the page with their sections in the old ones' place.

    A part that the page does not have yet goes to its end.
    """
    sections = page.read_text("utf-8").split("\n## ")
    for name in names:
        fresh = measured(name, data).removeprefix("## ").rstrip("\n") + "\n"
        title = fresh.partition("\n")[0]
        titles = [old.partition("\n")[0] for old in sections]
        if title in titles:
            sections[titles.index(title)] = fresh
        else:
            sections.append(fresh)
    return "\n## ".join(sections)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench_drift", description=__doc__)
    parser.add_argument(
        "what", nargs="+", help="parts, or the page to write, or a page and parts to renew in it"
    )
    parser.add_argument("--data", type=Path, default=Path("../shared/data"), help="public data")
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.here:
        sys.stdout.write(section(given.what[0], given.data))
    elif set(given.what) <= set(PARTS):
        sys.stdout.write("\n".join(measured(name, given.data) for name in given.what))
    elif len(given.what) == 1 and given.what[0].endswith(".md"):
        text = "\n".join([head(), *(measured(name, given.data) for name in PARTS)])
        Path(given.what[0]).write_text(text, encoding="utf-8")
    elif given.what[0].endswith(".md") and set(given.what[1:]) <= set(PARTS):
        page = Path(given.what[0])
        page.write_text(renewed(page, given.what[1:], given.data), encoding="utf-8")
    else:
        parser.error(f"name a page to write, or any of: {', '.join(PARTS)}")


if __name__ == "__main__":
    main()
