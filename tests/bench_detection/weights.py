"""Weights: how often each piece of evidence is seen with mining and with honest work.

`python -m tests.bench_detection.weights [--runs N] [--seed N] [PAGE.md]` counts rows of simulated
nodes, each row once a turn while its scene works, and puts the table of all pieces with the counted
weights beside those in use between the marks of a page. Counted on simulated traces, a weight says
how the piece behaves there; the ones in use are reasoned, see each origin.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path

import numpy as np

from aisec_daemon.app import catalogue
from aisec_daemon.detectors.mining import Mining, words
from aisec_daemon.detectors.mining.fuse import Weighed
from aisec_daemon.detectors.mining.pieces import CAPS, FAMILIES, LINE, NAMES, PIECES, SPEAKS
from aisec_daemon.detectors.mining.rows import Rows
from aisec_daemon.pipeline.pipeline import Pipeline
from tests.bench_detection import page
from tests.bench_detection.cast import Night, nights
from tests.traces.generators import CARDS, Kind, Truth

BEGIN = "<!-- pieces of evidence: begin; do not edit -->"
END = "<!-- pieces of evidence: end -->"
_SETTLED_SECONDS = 60.0
_SMOOTHING = 0.5


@dataclass
class Counts:
    """For each piece how often it spoke and how often it was known, with mining and without."""

    spoke: Counter[tuple[str, bool]] = field(default_factory=Counter)
    known: Counter[tuple[str, bool]] = field(default_factory=Counter)

    def __add__(self, other: Counts) -> Counts:
        return Counts(self.spoke + other.spoke, self.known + other.known)

    def weight(self, name: str) -> float:
        """Return the logarithm of the likelihood ratio, smoothed (Jeffreys); NaN if never known."""
        if not (self.known[name, True] and self.known[name, False]):
            return float("nan")
        shares = [
            (self.spoke[name, mining] + _SMOOTHING) / (self.known[name, mining] + 2 * _SMOOTHING)
            for mining in (True, False)
        ]
        return float(np.log(shares[0] / shares[1]))


def of_night(night: Night) -> Counts:
    """Count on one node."""
    take = night.take()
    seen: list[tuple[Rows, Weighed]] = []
    spied = words.verdict

    def spy(rows: Rows, weighed: Weighed):
        seen.append((rows, weighed))
        return spied(rows, weighed)

    counts = Counts()
    words.verdict = spy
    try:
        pipeline = Pipeline(catalogue.tables(), [Mining()], take.periods)
        for snapshot in take.play():
            pipeline.step(snapshot)
            for rows, weighed in seen:
                _count(counts, rows, weighed, snapshot.time, take.truths)
            seen.clear()
    finally:
        words.verdict = spied
    return counts


def _count(
    counts: Counts, rows: Rows, weighed: Weighed, time: float, truths: tuple[Truth, ...]
) -> None:
    for row, kind in _labelled(rows, time, truths):
        for at, name in enumerate(NAMES):
            piece = weighed.pieces[row, at]
            if not np.isnan(piece):
                counts.known[name, kind] += 1
                counts.spoke[name, kind] += bool(piece)


def _labelled(rows: Rows, time: float, truths: tuple[Truth, ...]) -> Iterator[tuple[int, bool]]:
    """Yield rows whose scene has worked for a while, and whether it mines."""
    for row, (subject, process) in enumerate(zip(rows.subjects, rows.processes, strict=True)):
        for truth in truths:
            own = process in truth.processes if process else subject in truth.gpus
            if own and truth.begin + _SETTLED_SECONDS < time < truth.end:
                if truth.kind is not Kind.CRACKING:
                    yield row, truth.kind is Kind.MINING
                break


def counted(seed: int, runs: int) -> Counts:
    """Count on many nodes, side by side."""
    with ProcessPoolExecutor(mp_context=get_context("spawn")) as pool:
        return sum(pool.map(of_night, nights(seed, runs)), Counts())


def table(counts: Counts) -> str:
    """Return the table of all pieces."""
    lines = [
        f"The line is {LINE:g}. A family adds at most (and counts for the severity from) "
        + ", ".join(
            f"{name} {cap:g} ({level:g})"
            for name, cap, level in zip(FAMILIES, CAPS, SPEAKS, strict=True)
        )
        + ".",
        "",
        "| piece | family/group | weight | counted, simulated | says | origin of the weight |",
        "| --- | --- | ---: | ---: | --- | --- |",
    ]
    for piece in PIECES:
        number = counts.weight(piece.name)
        sign = -1 if piece.family == "honest" else 1
        shown = "never seen" if np.isnan(number) else f"{number:+.1f}"
        where = piece.family if piece.group == piece.name else f"{piece.family}/{piece.group}"
        lines.append(
            f"| `{piece.name}` | {where} | {sign * piece.weight:+.1f} | {shown} "
            f"| {piece.says} | {piece.origin} |"
        )
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("page", nargs="?", type=Path)
    parser.add_argument("--runs", type=int, default=1)
    parser.add_argument("--seed", type=int, default=2)
    given = parser.parse_args()
    command = f"python -m tests.bench_detection.weights --runs {given.runs} --seed {given.seed}"
    text = f"`{command}` counted them on {len(CARDS)} models of GPUs.\n\n"
    text += table(counted(given.seed, given.runs))
    if given.page:
        page.put(given.page, text, BEGIN, END)
    else:
        sys.stdout.write(text + "\n")


if __name__ == "__main__":
    main()
