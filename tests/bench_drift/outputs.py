"""Output drift: false alarms over half a week, and how soon a change is told

Values of a standard normal law, one a second; a baseline of 50,000 of them, another for each
stream; twenty bins; the evidence must pass the values there are in a week (604,800, or fewer where
it is thinned), which promises one false alarm a week at most, 0.39 of streams in half a week. The
correlated streams (AR(1), 0.9) are thinned to the lag at which the baseline's own autocorrelation
is lost in its noise.
"""

from __future__ import annotations

import numpy as np
from scipy.signal import lfilter

from aisec_daemon.numerics import sequential
from aisec_daemon.numerics.rhythm import decorrelation
from tests.bench.report import table

BASELINE, BINS, WEEK, STREAMS = 50_000, 20, 604_800, 100
CHANGES = ((0.1, 1.0), (0.25, 1.0), (0.5, 1.0), (1.0, 1.0), (0.0, 1.1), (0.0, 1.3))


class Streams:
    """Streams with a baseline each: bins of what is drawn, and the evidence."""

    def __init__(self, numbers: np.random.Generator, correlation: float, streams: int) -> None:
        self._numbers, self._correlation, self._streams = numbers, correlation, streams
        base = self.draw(BASELINE)
        self.stride = int(max(decorrelation(base[:, :1])[0], 1)) if correlation else 1
        ordered = np.sort(base, axis=0)
        self._edges = ordered[np.arange(1, BINS) * BASELINE // BINS]
        count = BASELINE // self.stride
        self._bets = sequential.bets(np.full(BINS, 1 / BINS), count)

    def draw(self, length: int) -> np.ndarray:
        noise = self._numbers.normal(size=(length, self._streams)).astype(np.float32)
        if not self._correlation:
            return noise
        scale = np.sqrt(1 - self._correlation**2)
        return lfilter([scale], [1, -self._correlation], noise, axis=0)

    def alarmed(self, values: np.ndarray) -> np.ndarray:
        """Return when each stream's evidence first passed, in values; inf if it never did."""
        memory = sequential.begin(self._bets, self._streams)
        first = np.full(self._streams, np.inf)
        for second in range(0, len(values), self.stride):
            bins = (values[second] > self._edges).sum(axis=0)
            memory, evidence = sequential.wager(self._bets, memory, bins)
            passed = (evidence >= WEEK / self.stride) & np.isinf(first)
            first[passed] = second + 1
            if np.isfinite(first).all():
                break
        return first


def measure() -> str:
    numbers = np.random.default_rng(20)
    rows = []
    for correlation in (0.0, 0.9):
        streams = Streams(numbers, correlation, STREAMS)
        share = np.isfinite(streams.alarmed(streams.draw(WEEK // 2))).mean()
        name = f"AR(1), {correlation}" if correlation else "independent"
        rows.append([name, f"{streams.stride}", f"{share:.2f}", "0.39"])
    null = table(["no change, half a week", "one value of", "streams alarmed", "budget"], rows)
    delays = []
    for shift, scale in CHANGES:
        streams = Streams(numbers, 0.0, STREAMS)
        first = streams.alarmed(streams.draw(6000) * scale + shift)
        missed = np.isinf(first).mean()
        change = f"mean +{shift:g} sd" if shift else f"scale x {scale:g}"
        delays.append([change, f"{np.median(first):.0f}", f"{missed:.2f}"])
    head = ["change", "median delay, values", "missed within 6,000"]
    return null + "\n\n" + table(head, delays)
