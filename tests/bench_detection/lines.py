"""Lines to hold: what was promised before anything was measured, and what came of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from tests.bench.report import table
from tests.bench_detection.judge import Result
from tests.bench_detection.score import Falsehood, Recall, in_view
from tests.bench_detection.sections import rate, share

PROCESS_PERIOD = 2.5  # seconds: table process's period, and what its reading is late by
PART_OF_THE_TIME = ("throttled-50", "duty-50", "duty-25", "sleeping", "low-level")
OUT_OF_SIGHT = ("hidden", "hidden-from-proc", "beside-training", "blinding")

Wanted = Callable[[Result], bool]


def _full(result: Result) -> bool:
    name = f"{result.truth.family} {result.truth.evasion}"
    return not any(word in name for word in (*PART_OF_THE_TIME, *OUT_OF_SIGHT, "-50", "-25"))


def _forged(result: Result) -> bool:
    return result.truth.evasion == "libraries-mapped"


def _seen(result: Result) -> bool:
    return _full(result) and not _forged(result)


def _plain(result: Result) -> bool:
    return not result.truth.evasion and result.truth.origin == "simulated"


def _having(*words: str) -> Wanted:
    def wanted(result: Result) -> bool:
        return any(word in f"{result.truth.family} {result.truth.evasion}" for word in words)

    return wanted


LINES: tuple[tuple[str, str, str, Wanted, float], ...] = (
    ("listed names, within one process period", "100 %", "everything", _plain, PROCESS_PERIOD),
    ("full load, lists off, within 60 s", "99 %", "lists off", _seen, 60.0),
    ("the same with libraries mapped to look honest", "", "lists off", _forged, 60.0),
    ("half of the load, lists off, within 10 min", "90 %", "lists off", _having("-50"), 600.0),
    ("a quarter of the time, lists off, within 10 min", "", "lists off", _having("-25"), 600.0),
    ("beside a training, lists off, within 10 min", "", "lists off", _having("beside"), 600.0),
    ("out of sight of NVML or /proc, within 10 min", "", "lists off", _having("hidden"), 600.0),
)
"""What, how much is wanted, in which view, of which scenes, within how many seconds."""


def held(simulated: Sequence[Result], recorded: Sequence[Result], rules: Sequence[str]) -> str:
    """Return the lines, with simulated and recorded figures in columns of their own."""
    head = ["line", "wanted", "simulated", "scenes", "recorded", "recordings"]
    rows = []
    for name, wanted, view, choose, seconds in LINES:
        cells = []
        for results, seen in ((simulated, view), (recorded, "everything")):
            recall = Recall.of(filter(choose, in_view(results, seen)), rules)
            cells += [share(recall.within(seconds), 1), f"{recall.scenes}"]
        rows.append([name, wanted, *cells])
    judged = in_view(simulated, "lists off"), in_view(recorded, "everything")
    false = [Falsehood.of(results, rules) for results in judged]
    rows.append(["findings on honest work", "0 on recordings", *_cells(false, "told")])
    rows.append(["honest work past a warning", "0", *_cells(false, "past")])
    return table(head, rows)


def _cells(false: Sequence[Falsehood], kind: str) -> list[str]:
    """Return how many findings of a kind there were, and in how many scenes, of each origin."""
    cells = []
    for found in false:
        count = getattr(found, kind)
        span = rate(found.a_week(count))
        cells += [f"{count} in {found.weeks:.2g} GPU-weeks: {span} a week", f"{found.scenes}"]
    return cells
