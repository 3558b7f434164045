"""Sections of the page: a table each."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from aisec_daemon.model import Severity
from tests.bench.report import table
from tests.bench_detection.judge import Result
from tests.bench_detection.score import Falsehood, Recall, by, in_view
from tests.traces.generators import Kind

MINING = ("mining",)
WITHIN = (30, 60, 120, 180, 300, 600)


def mining(results: Sequence[Result]) -> list[Result]:
    return [r for r in results if r.truth.kind is Kind.MINING]


def detection(
    results: Sequence[Result],
    rules: Sequence[str],
    every: Sequence[str],
    key: Callable[[Result], str],
    head: str,
) -> str:
    """Return recall and delay by a key; by severity, and by any rule of the panel."""
    titles = [head, "scenes", "recall, lists on", "lists off", "within 60 s", "within 10 min"]
    titles += ["delay, s: median", "p95", "high or worse", "critical", "any rule"]
    rows = []
    with_lists = by(mining(in_view(results, "everything")), key)
    for name, some in by(mining(in_view(results, "lists off")), key).items():
        on = Recall.of(with_lists.get(name, []), rules)
        off = Recall.of(some, rules)
        worse = [Recall.of(some, rules, s).within() for s in (Severity.HIGH, Severity.CRITICAL)]
        shares = [on.within(), off.within(), off.within(60), off.within(600)]
        delays = [_seconds(off.quantile(q)) for q in (0.5, 0.95)]
        last = [*worse, Recall.of(some, every).within()]
        rows.append([name, f"{off.scenes}", *map(share, shares), *delays, *map(share, last)])
    return table(titles, sorted(rows))


def falsehood(
    results: Sequence[Result], rules: Sequence[str], key: Callable[[Result], str], head: str
) -> str:
    """Return false findings by a key, and in all."""
    titles = [head, "scenes", "GPU-weeks", "false findings", "a GPU-week (95 %)"]
    titles += ["past a warning", "a GPU-week (95 %)", "where silence is due"]
    groups = by((r for r in results if r.truth.kind is not Kind.MINING), key)
    rows = [_false(name, Falsehood.of(some, rules)) for name, some in sorted(groups.items())]
    return table(titles, [*rows, _false("all", Falsehood.of(results, rules))])


def _false(name: str, found: Falsehood) -> list[str]:
    both = [(n, found.a_week(n)) for n in (found.told, found.past)]
    cells = [cell for n, span in both for cell in (f"{n}", rate(span))]
    return [name, f"{found.scenes}", f"{found.weeks:.3f}", *cells, f"{found.unbidden}"]


def curve(results: Sequence[Result], rules: Sequence[str], view: str) -> str:
    """Return recall against delay in a view, by group of scenes."""
    some = mining(in_view(results, view))
    titles = ["scenes", "number", *(f"{seconds} s" for seconds in WITHIN), "ever"]
    hiding = by((r for r in some if r.truth.evasion), evasion)
    groups = {"all": some, **{f"evasion {name}": hiding[name] for name in sorted(hiding)}}
    plain = by((r for r in some if not r.truth.evasion), family)
    groups |= {f"plain {name}": plain[name] for name in sorted(plain)}
    rows = []
    for name, group in groups.items():
        recall = Recall.of(group, rules)
        if name != "all" and recall.within(math.inf) == 0:
            continue  # never told of: the first row says so
        shares = [share(recall.within(seconds)) for seconds in (*WITHIN, math.inf)]
        rows.append([name, f"{recall.scenes}", *shares])
    return table(titles, rows)


def family(result: Result) -> str:
    return result.truth.family


def evasion(result: Result) -> str:
    return result.truth.evasion or "none"


def card(result: Result) -> str:
    return result.truth.card


def share(number: float, digits: int = 0) -> str:
    """Write a share as percent."""
    return "" if math.isnan(number) else f"{100 * number:.{digits}f} %"


def rate(span: tuple[float, float]) -> str:
    """Write an interval of a rate."""
    low, high = (f"{n:.2g}" if n < 100 else f"{n:.0f}" for n in span)
    return f"{low} to {high}"


def _seconds(number: float) -> str:
    return "" if math.isnan(number) else f"{number:.0f}"


def told_of(results: Sequence[Result], rules: Sequence[str], every: Sequence[str]) -> str:
    """Return what was told of each mining-like recording."""
    head = ["recording", "told of after, s", "high or worse after, s", "critical after, s"]
    head += ["any rule after, s"]
    rows = []
    for result in mining(results):
        severities = (Severity.WARNING, Severity.HIGH, Severity.CRITICAL)
        delays = [result.delay(rules, severity) for severity in severities]
        cells = [_or_never(delay) for delay in (*delays, result.delay(every))]
        rows.append([result.truth.family, *cells])
    return table(head, rows)


def others(results: Sequence[Result], rules: Sequence[str]) -> str:
    """Return what each rule told of scenes that it is for, and of honest ones."""
    head = ["rule", "scenes it is for", "recall", "median delay, s", "honest scenes told of"]
    head += ["false findings a GPU-week (95 %)"]
    rows = []
    for rule in (r for r in rules if r not in MINING):
        meant = [r for r in mining(results) if rule in r.truth.rules]
        recall, false = Recall.of(meant, [rule]), Falsehood.of(results, [rule])
        cells = [share(recall.within()), _seconds(recall.quantile(0.5)), f"{false.told}"]
        rows.append([rule, f"{recall.scenes}", *cells, rate(false.a_week(false.told))])
    return table(head, rows) if rows else "No other rule was judged."


def _or_never(delay: float) -> str:
    return "never" if math.isinf(delay) else f"{delay:.0f}"
