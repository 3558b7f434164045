"""The metrics sink: what Prometheus is told."""

import math
import re
import subprocess
import threading

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from prometheus_client.openmetrics.parser import (
    text_string_to_metric_families as parse_openmetrics,
)
from prometheus_client.parser import text_string_to_metric_families as parse_text

from aisec_daemon.model import Column, Kind, Label, Rule, Severity, Snapshot, Table, Tick
from aisec_daemon.model.exposition import Board, Family
from aisec_daemon.sinks.metrics import Metrics

GAUGE = Family("aisec_web_unprotected", "gauge", "Whether anyone may read this page.")
RULES = [Rule("mining", "Mining", Severity.HIGH, "None.")]
GPU = Table(
    "gpu",
    "GPUs.",
    (
        Column("power_watts", "Power."),
        Column("energy_joules", "Energy.", Kind.COUNTER),
        Column("pipe_a_ratio", "Pipes.", family="pipe_active_ratio", labels=(("pipe", "a"),)),
        Column("pipe_b_ratio", "Pipes.", family="pipe_active_ratio", labels=(("pipe", "b"),)),
    ),
    (Label("uuid", "Id."), Label("name", "Name.")),
    ("uuid",),
    ("name",),
)
PROCESS = Table(
    "process",
    "Processes.",
    (Column("cpu_seconds", "CPU.", Kind.COUNTER), Column("memory_resident_bytes", "Memory.")),
    (Label("pid", "Pid."), Label("name", "Name."), Label("user", "User.")),
    ("pid", "name", "user"),
    (),
    ("user",),
)


def tick(table: Table, words: list[tuple[str | None, ...]], values: np.ndarray, at: float) -> Tick:
    labels = {label.name: tuple(w[i] for w in words) for i, label in enumerate(table.labels)}
    subjects = tuple(str(row) for row in range(len(words)))
    return Tick(at, Snapshot(table, at, subjects, values, labels), lambda: values * 0.5, (), ())


def gpus(*words: tuple[str | None, str | None], at: float = 1.0) -> Tick:
    return tick(GPU, list(words), np.ones((len(words), 4)), at)


def full(**options: object) -> Metrics:
    board = Board()
    board.show(GAUGE, 0.0)
    metrics = Metrics(RULES, rows_max=3, board=board, **options)  # type: ignore[arg-type]
    metrics(gpus(("u", "H200"), ("v", None)))
    words = [("1", "python", "alice"), ("2", 'x"\\\n', None)]
    metrics(tick(PROCESS, words, np.ones((2, 2)), 2.0))
    return metrics


def series(page: bytes) -> list[str]:
    return [line for line in page.decode().split("\n") if line and not line.startswith("#")]


def test_a_page_holds_all_tables_seen() -> None:
    """Each tick brings one table up to date and keeps the others."""
    names = {re.split("[{ ]", line)[0] for line in series(full().page())}

    assert {
        "aisec_gpu_power_watts",
        "aisec_gpu_energy_joules_total",
        "aisec_gpu_info",
        "aisec_process_count",
        "aisec_process_pid_memory_resident_bytes",
        "aisec_finding_open",
        "aisec_page_series_dropped",
        "aisec_web_unprotected",
        "aisec_build_info",
        "process_cpu_seconds_total",
        "process_resident_memory_bytes",
        "python_info",
        "python_gc_collections_total",
    } <= names


def test_constant_labels_are_on_every_series() -> None:
    """Those of the daemon itself included."""
    lines = series(full(constant={"replayed": "demo"}).page())

    assert len(lines) > 30
    assert [line for line in lines if 'replayed="demo"' not in line] == []


def test_both_formats_hold_the_same_series() -> None:
    """Only headers differ."""
    metrics = full()

    assert series(metrics.page()) == series(metrics.page(openmetrics=True))
    assert list(parse_openmetrics(metrics.page(openmetrics=True).decode()))


WORD = st.none() | st.text(st.characters(), max_size=40) | st.just("y" * 65_536)
CELL = st.floats() | st.just(math.nan)


@settings(max_examples=80, deadline=None)
@given(st.lists(st.tuples(WORD, WORD, st.lists(CELL, min_size=4, max_size=4)), max_size=5))
def test_any_snapshot_parses_back(rows: list) -> None:
    """Hostile words and unread cells give a page that both parsers read, without NaN or twins."""
    metrics = Metrics(RULES, rows_max=9)
    values = np.array([cells for *_, cells in rows]).reshape(len(rows), 4)
    metrics(tick(GPU, [(a, b) for a, b, _ in rows], values, 1.0))
    metrics(tick(PROCESS, [(a, b, a) for a, b, _ in rows], values[:, :2], 2.0))
    text = list(parse_text(metrics.page().decode()))
    openmetrics = list(parse_openmetrics(metrics.page(openmetrics=True).decode()))

    for families in (text, openmetrics):
        samples = [sample for family in families for sample in family.samples]
        seen = [(s.name, tuple(sorted(s.labels.items()))) for s in samples]
        assert len(seen) == len(set(seen)) == len(series(metrics.page()))
        assert all(math.isfinite(sample.value) for sample in samples)
        assert max(len(v) for s in samples for v in s.labels.values()) <= 256


def test_numbers_are_exact() -> None:
    """What is parsed is the very number that was read."""
    numbers = np.array([[0.1, 1e22, 5e-324, -0.0]])
    metrics = Metrics(RULES)
    metrics(tick(GPU, [("u", "n")], numbers, 1.0))
    found = {
        (s.name, s.labels.get("pipe")): s.value
        for f in parse_text(metrics.page().decode())
        for s in f.samples
        if s.name.startswith("aisec_gpu_") and s.name != "aisec_gpu_info"
    }

    assert list(found.values()) == [0.1, 1e22, 5e-324, -0.0]


def test_what_found_no_place_is_counted() -> None:
    """Series of a table are bounded."""
    metrics = Metrics(RULES, series_max=5)
    metrics(gpus(("u", "n"), ("v", "n"), ("w", "n")))

    assert 'aisec_page_series_dropped{table="gpu"} 10.0' in series(metrics.page())


def test_own_numbers_are_read_every_five_seconds_at_most() -> None:
    """Ticks in between show what was read last; a clock that jumps back does not stop it."""
    metrics = Metrics(RULES)
    reads = []
    read = metrics._own.read
    metrics._own.read = lambda: reads.append(1) or read()  # type: ignore[method-assign]
    for time in (100.0, 102.0, 104.9, 105.0, 3.0):
        metrics(gpus(("u", "n"), at=time))
        metrics.page()

    assert len(reads) == 3


def test_a_page_that_nobody_asks_for_is_not_rendered() -> None:
    """Nor is a table twice: what a tick did not bring is taken from the page before."""
    metrics = Metrics(RULES)
    metrics(gpus(("u", "n"), at=1.0))
    block = metrics._sections["gpu"][1]._block  # type: ignore[attr-defined]
    rendered, render = [], block.render
    block.render = lambda *of: rendered.append(1) or render(*of)
    for time in (2.0, 3.0, 4.0):
        metrics(gpus(("u", "n"), at=time))
    assert not rendered
    metrics.page()
    metrics(tick(PROCESS, [("1", "python", "alice")], np.ones((1, 2)), 5.0))
    metrics.page(openmetrics=True)

    assert len(rendered) == 1


def test_a_page_once_published_does_not_change() -> None:
    """Readers hold a version; the next tick makes another."""
    metrics = full()
    before = metrics.current
    text = before.plain(openmetrics=False)
    metrics(gpus(("new", "n"), at=3.0))

    assert before.plain(openmetrics=False) is text
    assert metrics.current.version != before.version


def test_a_number_on_the_board_may_be_set_while_ticks_come() -> None:
    """From another thread; the last value is on the next page."""
    board = Board()
    metrics = Metrics(RULES, board=board)
    setter = threading.Thread(target=lambda: [board.show(GAUGE, n) for n in range(200)])
    setter.start()
    for at in range(50):
        metrics(gpus(("u", "n"), at=float(at)))
    setter.join()
    metrics(gpus(("u", "n"), at=51.0))

    assert "aisec_web_unprotected 199.0" in series(metrics.page())
    assert 'aisec_gpu_power_watts{uuid="u"} 1.0' in series(metrics.page())


@pytest.mark.system
def test_promtool_finds_nothing_to_say() -> None:
    """The linter of Prometheus (Debian package prometheus) is content."""
    checked = subprocess.run(
        ["promtool", "check", "metrics"], input=full().page(), capture_output=True, check=False
    )

    assert (checked.returncode, checked.stdout + checked.stderr) == (0, b"")


def test_a_scrape_before_the_first_tick_shows_what_is_known_by_then() -> None:
    board = Board()
    board.show(GAUGE, 1.0)

    assert f"{GAUGE.name} 1.0" in series(Metrics(RULES, board=board).page())
