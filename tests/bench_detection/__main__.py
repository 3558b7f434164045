"""Measures what detectors find: `python -m tests.bench_detection [OPTION …] [PAGE.md]`.

Generated, recorded and public traces are played through the real pipeline; what was told is held
against the truth. With a page, the figures are put between its marks; without, they are printed.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from dataclasses import replace
from pathlib import Path

from tests.bench_detection import holdout, page
from tests.bench_detection.cast import nights
from tests.bench_detection.figures import Measured, text
from tests.bench_detection.panel import Panel
from tests.bench_detection.sections import MINING
from tests.bench_detection.work import of_nights, of_public, of_recorded
from tests.traces.generators import CARDS


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench_detection", description=__doc__)
    parser.add_argument("page", nargs="?", type=Path, help="page that gets the figures")
    parser.add_argument("--runs", type=int, default=6, help="runs of each scene on each card")
    parser.add_argument("--minutes", type=int, default=12, help="length of a simulated trace")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--cards", nargs="+", default=list(CARDS), choices=list(CARDS))
    parser.add_argument("--rules", nargs="+", help="rules, or detectors as module:Class")
    parser.add_argument("--public", type=Path, help="folder of public logs")
    parser.add_argument("--views", nargs="+", default=[], choices=["without context"])
    parser.add_argument("--fit", help="module:function that fits settings to labelled takes")
    parser.add_argument("--fit-runs", type=int, default=2, help="runs that are fitted to")
    return parser.parse_args()


def command(given: argparse.Namespace) -> str:
    """Return how the same figures are made again; where public logs lie is nobody's business."""
    words = [w if w != str(given.public) else "FOLDER" for w in sys.argv[1:]]
    return " ".join(["python -m tests.bench_detection", *words])


def measured(given: argparse.Namespace) -> Measured:
    begun = time.perf_counter()
    panel = Panel(tuple(given.rules)) if given.rules else Panel.default()
    if not panel.names:
        raise SystemExit("there is no rule to judge: name some with --rules")
    if given.public and not any(given.public.glob("*/*.csv.gz")):
        raise SystemExit(f"{given.public} holds no logs: FOLDER/KIND/NAME.csv.gz are looked for")
    held_out = ""
    if given.fit:
        fit = holdout.load(given.fit)
        rules = tuple(rule for rule in panel.rules if rule in MINING) or panel.rules
        trial = holdout.Trial(panel, fit, given.seed, given.fit_runs, tuple(given.cards))
        held_out = trial.held_out(rules)
        panel = trial.fitted()
    cast = [
        replace(night, views=(*night.views, *given.views), seconds=60 * given.minutes)
        for night in nights(given.seed, given.runs, given.cards)
    ]
    simulated = of_nights(panel, cast)
    recorded = of_recorded(panel)
    public = of_public(panel, given.public) if given.public else None
    judged = (simulated, recorded, public)
    it = Measured(panel, given.seed, given.runs, given.minutes, *judged, held_out, 0, 0)
    used = os.times()
    cpu = used.user + used.system + used.children_user + used.children_system
    return replace(it, cpu_seconds=cpu, wall_seconds=time.perf_counter() - begun)


def main() -> None:
    given = arguments()
    figures = text(measured(given), command(given))
    if given.page:
        page.put(given.page, figures)
    else:
        sys.stdout.write(figures + "\n")


if __name__ == "__main__":
    main()
