"""What a calibration's count says, in a table and in words: what holds, and what cannot be told."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from tests.bench.report import table
from tests.bench_detection.poisson import interval

FACTOR = 2.0
_HEAD = [
    "calibrated on",
    "blocks",
    "counted on",
    "series-weeks",
    "target",
    "observed",
    "95 %, Poisson",
    "observed/target",
    "95 %, by periods",
]
_LOOKS = ["calibrated on", "target", "moments", "cases", "cases/target", "later"]


class Look(NamedTuple):
    """The openings of one target, counted otherwise; ratios are observed over target."""

    train: str
    test: str
    target: float
    moments: int
    cases: int
    of_cases: float
    later: int
    apart: float
    by_kind: float


class Result(NamedTuple):
    """One target: applications calibrated and counted on, exposure, and what was seen."""

    train: str
    test: str
    blocks: int
    weeks: float
    target: float
    count: int
    within: tuple[float, float]  # observed over target, by periods

    @property
    def ratio(self) -> float:
        return self.count / self.weeks / self.target

    @property
    def holds(self) -> bool:
        """Whether the rate that was seen is within a factor of two of the target."""
        return 1 / FACTOR <= self.ratio <= FACTOR

    @property
    def told(self) -> bool:
        """Whether the data tell a factor of two."""
        low, high = self.within
        return low > 0 and high <= FACTOR**2 * low


def table_of(results: Sequence[Result]) -> str:
    return table(_HEAD, [_row(result) for result in results])


def sentences(results: Sequence[Result]) -> str:
    """Say of each target whether its rates are within a factor of two, and if data can tell."""
    found = []
    for target in dict.fromkeys(result.target for result in results):
        of_target = [result for result in results if result.target == target]
        ratios = " and ".join(f"{result.ratio:.2f}" for result in of_target)
        within = "within" if all(result.holds for result in of_target) else "not within"
        found.append(
            f"- At {target:g} a series-week, observed/target is {ratios}: {within} 0.5 to 2. "
            f"{_resolved(of_target)}"
        )
    return "\n".join(found)


def _resolved(results: Sequence[Result]) -> str:
    told = [result.train for result in results if result.told]
    if not told:
        return "These data cannot tell a factor of two."
    if len(told) == len(results):
        return "These data can tell a factor of two."
    return f"These data can tell a factor of two only if calibrated on {_name(told[0])}."


def table_of_looks(looks: Sequence[Look]) -> str:
    rows = [
        [
            _name(look.train),
            f"{look.target:g}",
            f"{look.moments}",
            f"{look.cases}",
            f"{look.of_cases:.2f}",
            f"{look.later}",
            f"{look.apart:.2f}",
            f"{look.by_kind:.2f}",
        ]
        for look in looks
    ]
    return table([*_LOOKS, "other periods", "by kind"], rows)


def _row(result: Result) -> list[str]:
    count, weeks = result.count, result.weeks
    low, high = interval(count, weeks)
    first, last = result.within
    return [
        _name(result.train),
        f"{result.blocks}",
        _name(result.test),
        f"{weeks:.1f}",
        f"{result.target:g}",
        f"{count / weeks:.2f} ({count})",
        f"{low:.2f} to {high:.2f}",
        f"{result.ratio:.2f}",
        f"{first:.2f} to {last:.2f}",
    ]


def _name(applications: str) -> str:
    return f"application {' and '.join(applications)}"
