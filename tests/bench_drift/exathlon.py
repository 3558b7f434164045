"""False alarms on real normal data: calibrated on some applications, counted on the others

Undisturbed Spark runs of three applications, 1 Hz, about 1,070 live series each. Every run starts
without a past and learns for 900 s. Counters are differenced (in the daemon their table says which
they are; here those that never fall are taken for counters). The three scores share the budget
equally. An alarm is the first second past a threshold after 300 s below it, as the daemon opens
findings, though here every series goes on learning whatever it scored, and all series are of one
kind.

Two intervals of 95 %. The exact Poisson interval of the rate takes openings for independent,
which they are not. Six of the eight runs, as their clocks tell, were recorded three at a time, on
the same four nodes, so that three quarters of their series are the same: there are four periods,
not eight runs. The interval of observed/target draws the periods calibrated on and those counted
on again, with replacement, in every possible way, and goes through the whole calibration for
each. With two or four periods a side it is too narrow, if anything. The data tell a factor of two
where its upper end is at most four times its lower end.
"""

from __future__ import annotations

from pathlib import Path

from aisec_daemon.detectors.drift.budget import ENOUGH_SPANS
from tests.bench_drift import splits, verdict
from tests.bench_drift.runs import BLOCK, load

TARGETS = (100.0, 30.0, 10.0, 3.0, 1.0)
PROMISED = (10.0, 1.0)
SOURCE = "github.com/exathlonbenchmark/exathlon, data/raw, undisturbed traces (names with _0_)"

_LOOKS = """\
The same openings, counted otherwise. `moments`: openings of one run that follow each other within
a minute are one. `cases`: what the daemon would tell, one case for all series of a node, an
executor or the driver, until none of them was past its threshold for 300 s (in the daemon a case
has about 13 series and not 150: its number of cases lies between these two). `later`: openings at
an age of their run that no run calibrated on reached. Two of the four runs of application 1 last
an hour, all others three quarters, and after 55 minutes of both a great write goes to the disks
and networks of all nodes, up to tens of thousands of times what they ever had; no rate of other
blocks can promise that away. `other periods`: observed/target if a run's thresholds come only
from what was not recorded beside it. `by kind`: observed/target if metrics that have {} blocks
have thresholds of their own; these are the processors, half of all series, 128 of them at a time.
Blocks of one span of time say little more than one of them does, so the daemon counts spans: it
gives a kind thresholds of its own after {} of them, a day, and calls them provisional until then.
The runs of application 1 have {}, those of applications 6 and 7 {}: this column is what that rule
is for."""

_ALIKE = """\
The same where every run, calibrated or counted on, ends {} s after learning, so that no age is
judged that was not calibrated on. This was thought of after it was seen where the openings lie."""


def measure(folder: Path) -> str:
    """Run both splits, to the end of each run and to the age that all reach, and say what holds."""
    runs = load(folder)
    common = min(run.age for run in runs) // BLOCK * BLOCK
    young = [run.until(common) for run in runs]
    spans = [splits.spans(train) for train, _ in splits.sides(runs)]
    whole, alike = splits.results(runs, TARGETS), splits.results(young, PROMISED)
    return "\n\n".join(
        [
            verdict.table_of(whole),
            verdict.sentences(whole),
            _LOOKS.format(splits.KIND_BLOCKS, ENOUGH_SPANS, *spans),
            verdict.table_of_looks(splits.looks(runs, PROMISED)),
            _ALIKE.format(common),
            verdict.table_of(alike),
            verdict.sentences(alike),
            verdict.table_of_looks(splits.looks(young, PROMISED)),
        ]
    )
