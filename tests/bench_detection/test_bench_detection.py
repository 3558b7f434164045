"""The bench from end to end, with the toy detector, on a small cast."""

from __future__ import annotations

import sys

import pytest

from tests.bench_detection.__main__ import main
from tests.bench_detection.cast import Held, Night
from tests.bench_detection.holdout import Trial
from tests.bench_detection.page import BEGIN, END, put
from tests.bench_detection.panel import Panel
from tests.bench_detection.score import in_view
from tests.bench_detection.work import of_night
from tests.traces.generators import Scene

TOY = "tests.bench_detection.toy:Toy"


def test_a_page_gets_its_figures_and_keeps_its_text(tmp_path, monkeypatch):
    """Text around the marks is written by hand."""
    page = tmp_path / "mining.md"
    page.write_text(f"# Mining\n\nbefore\n\n{BEGIN}\n57 %\n{END}\n\nafter\n")
    words = [str(page), "--runs", "1", "--cards", "t4", "--rules", TOY]
    monkeypatch.setattr(sys, "argv", ["bench", *words])
    main()
    text = page.read_text()

    assert "before" in text
    assert "after" in text
    assert "\n57 %\n" not in text
    assert "| etchash | 1 | 100 % | 100 % |" in text
    assert "### Recorded" in text
    assert "Nothing was fitted" in text
    assert "Not judged in this run" in text


def test_a_page_with_half_a_mark_is_left_alone(tmp_path):
    page = tmp_path / "mining.md"
    page.write_text(f"{BEGIN}\nprecious")

    with pytest.raises(ValueError, match="without the other"):
        put(page, "figures")
    assert "precious" in page.read_text()


def test_figures_are_put_in_place_of_the_last(tmp_path):
    page = tmp_path / "new" / "mining.md"
    put(page, "one")
    put(page, "two")

    assert "one" not in page.read_text()
    assert page.read_text().count("two") == 1


def test_lists_off_takes_the_marks_away_and_nothing_else():
    """A detector of names finds a plain miner by its list, and only by its list."""
    names = "tests.bench_detection.toy_names:Names"
    night = Night((1,), "t4", (Scene("etchash"), Scene("stencil")), ("everything", "lists off"), 60)
    judged = of_night(Panel((names,)), night).results
    told = {
        view: [bool(r.alarms) for r in in_view(judged, view)]
        for view in ("everything", "lists off")
    }

    assert told == {"everything": [True, False], "lists off": [False, False]}


def test_fitting_never_sees_what_is_held_out():
    """What judges an unknown evasion is what was fitted without it."""
    seen = []

    def fit(takes):
        takes = list(takes)
        seen.append({truth.evasion for take in takes for truth in take.truths})
        return {"toy": {"busy": 0.4 if "throttled-50" in seen[-1] else 0.9}}

    trial = Trial(Panel((TOY,)), fit, 1, 1)
    known, unknown = trial.fitted(), trial.fitted(Held("evasion", "throttled-50"))

    assert "throttled-50" in seen[0]
    assert "throttled-50" not in seen[1]
    assert known.detectors()[0].busy == 0.4
    assert unknown.detectors()[0].busy == 0.9


def test_the_table_of_what_was_left_out_shows_what_knowing_it_is_worth():
    """A fit that lowers the line only where it has seen a throttled miner."""

    def fit(takes):
        known = any(truth.evasion == "throttled-50" for take in takes for truth in take.truths)
        return {"toy": {"busy": 0.4 if known else 0.9}}

    trial = Trial(Panel((TOY,)), fit, 1, 1, ("t4",))
    table = trial.held_out(["toy"], [Held("evasion", "throttled-50"), Held("card", "v100")])

    assert "| evasion | throttled-50 | 1 | 0 % | 0 % |  | 100 % | 100 % |  |" in table
    assert "v100" not in table


def test_a_rule_that_there_is_not_is_refused():
    with pytest.raises(KeyError):
        Panel(("no_such_rule",)).detectors()


def test_a_folder_without_logs_is_refused(tmp_path, monkeypatch):
    """Nothing judged is no silence of the rules."""
    monkeypatch.setattr(sys, "argv", ["bench", "--rules", TOY, "--public", str(tmp_path)])

    with pytest.raises(SystemExit, match="no logs"):
        main()
