"""Figures: everything that is measured, as the text of a page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tests.bench_detection import lines, sections
from tests.bench_detection.judge import Result, Told
from tests.bench_detection.panel import Panel
from tests.bench_detection.sections import card, evasion, family
from tests.bench_detection.work import RECORDED_SECONDS, Judged


@dataclass(frozen=True)
class Measured:
    """What was judged, and how."""

    panel: Panel
    seed: int
    runs: int
    minutes: int
    simulated: Judged
    recorded: Judged
    public: Judged | None
    held_out: str  # a table, or empty where nothing was fitted
    cpu_seconds: float
    wall_seconds: float


_ABOUT = """## Figures

Written by `{command}`; seed {seed}, {runs} runs of each scene on each card, {length} minutes long;
the rules {rules}, as they are set by default{fitted}. It took {cpu:.0f} s of processor time,
{wall:.0f} s by the clock.

**Simulated** traces are made by tests/traces/generators, whose ranges and sources were written
before the detector; nothing in them was recorded from a miner. Simulated scenes share nodes of 16
GPUs. **Recorded** are our own stand-ins and honest loads on one H200, each lengthened to
{minutes:.0f} minutes by repeating its steady part. **Public** logs are other people's honest work.
A scene counts as told of when a finding is opened, or widened, over one of its GPUs or processes;
its delay begins when the mining does. "Lists off" takes the marks of known names and arguments
away.
"""


def text(it: Measured, command: str) -> str:
    """Return the page's part."""
    rules = it.panel.rules
    main = tuple(rule for rule in rules if rule in sections.MINING) or rules
    about = _ABOUT.format(
        command=command,
        seed=it.seed,
        runs=it.runs,
        length=it.minutes,
        rules=", ".join(f"`{rule}`" for rule in rules),
        fitted=" but for what was fitted" if it.held_out else "",
        minutes=RECORDED_SECONDS / 60,
        cpu=it.cpu_seconds,
        wall=it.wall_seconds,
    )
    summary = lines.held(it.simulated.results, it.recorded.results, main)
    parts = [about, summary, *_simulated(it, main), *_recorded(it, main), *_public(it, main)]
    return "\n\n".join(part.strip() for part in parts)


def _simulated(it: Measured, main: Sequence[str]) -> list[str]:
    results, rules = it.simulated.results, it.panel.rules
    plain = [r for r in results if not r.truth.evasion]
    lists_off = sections.in_view(results, "lists off")
    return [
        "### Simulated: miners that hide nothing but their names",
        sections.detection(plain, main, rules, family, "algorithm"),
        "### Simulated: evasions",
        sections.detection(results, main, rules, evasion, "evasion"),
        "### Simulated: GPU models",
        sections.detection(results, main, rules, card, "card"),
        "### Simulated: false findings",
        sections.falsehood(lists_off, main, family, "honest work"),
        _strays(it.simulated.strays, results),
        "### Simulated: rules beside it",
        sections.others(lists_off, rules),
        "### Simulated: power and utilisation alone",
        _POWER_ALONE,
        sections.curve(results, main, "power"),
        sections.falsehood(sections.in_view(results, "power"), main, card, "false findings, card"),
        *(part for view in EXTRA for part in _seen(results, main, view)),
        "### Simulated: left out",
        it.held_out or _NOTHING_FITTED,
    ]


def _seen(results: Sequence[Result], main: Sequence[str], view: str) -> list[str]:
    """Return the curve and the false findings of a view, if it was judged in it."""
    some = sections.in_view(results, view)
    if not some:
        return []
    parts = [sections.curve(results, main, view)]
    parts.append(sections.falsehood(some, main, card, "false findings, card"))
    return [f"### Simulated: {view}", *parts]


EXTRA = ("without context",)
_POWER_ALONE = (
    "Share of mining scenes told of within so many seconds, from power, its limit and utilisation, "
    "as old logs have them:"
)
_NOTHING_FITTED = (
    "Nothing was fitted to traces in this run (`--fit` names what fits): settings are the defaults "
    "for every algorithm, evasion and card, so the tables above are already those of things never "
    "trained on, as far as the generators' author and the detector's kept apart."
)


def _strays(strays: Sequence[Told], results: Sequence[Result]) -> str:
    cases = len({(told.case, told.rule) for told in strays})
    early = sum(result.early for result in results)
    return (
        f"Findings about no scene at all: {cases}. Findings about a miner's GPUs before it began: "
        f"{early}."
    )


def _recorded(it: Measured, main: Sequence[str]) -> list[str]:
    results, rules = it.recorded.results, it.panel.rules
    everything = sections.in_view(results, "everything")
    return [
        "### Recorded",
        sections.told_of(everything, main, rules),
        sections.falsehood(everything, main, family, "honest work"),
        "With power and utilisation alone:",
        sections.told_of(sections.in_view(results, "power"), main, rules),
        sections.falsehood(sections.in_view(results, "power"), main, family, "honest work"),
    ]


def _public(it: Measured, main: Sequence[str]) -> list[str]:
    if it.public is None:
        return ["### Public logs", "Not judged in this run: `--public` names their folder."]
    results = it.public.results
    return ["### Public logs", sections.falsehood(results, main, card, "card")]
