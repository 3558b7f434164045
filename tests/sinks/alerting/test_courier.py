"""Stories of findings and one Alertmanager: who is told what, when, whatever fails in between."""

from __future__ import annotations

import itertools
import logging
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aisec_daemon.model import Severity
from aisec_daemon.sinks.alerting.answer import Answer, Outcome
from tests.sinks.alerting.story import POLICY, Story

REFUSED = Answer(Outcome.REFUSED, "400", "HTTP 400: bad label")
WRONG_PASSWORD = Answer(Outcome.MISTAKE, "401", "HTTP 401: it does not accept our password")


def test_a_finding_is_told_at_once_again_every_minute_and_as_resolved_when_it_closes():
    story = Story().at(10).opens("miner").at(500).closes("miner").at(2000)

    assert story.told(10, 10) == ["miner firing"]
    assert [told.time for told in story.of("miner")][:4] == [10, 70, 130, 190]
    assert story.told(500, 500) == ["miner resolved"]
    assert story.of("miner")[-1].ends == 500
    assert story.told(0, 499) == ["miner firing"]


def test_its_alert_outlives_a_daemon_that_dies_for_an_hour():
    story = Story().at(10).opens("miner")

    assert story.of("miner")[0].ends == 10 + 3600


def test_one_that_closes_soon_is_kept_firing_until_its_group_was_looked_at():
    story = Story().at(10).opens("miner").at(40).closes("miner").at(2000)

    assert story.told(10, 339) == ["miner firing"]
    assert story.told(340, 340) == ["miner resolved"]
    assert story.of("miner")[-1].ends == 40


def test_a_closing_is_told_again_for_a_while_in_case_the_alertmanager_forgot_it():
    story = Story().at(0).opens("miner").at(400).closes("miner").at(2000)

    assert [t.time for t in story.of("miner") if t.state == "resolved"] == [400, 460, 520]


def test_one_that_opened_and_closed_while_nobody_listened_is_told_as_both():
    story = Story().goes_down().at(100).opens("miner").at(160).closes("miner")
    story.at(3600).comes_back().at(3640)

    assert story.told() == ["miner firing"]
    first = story.of("miner")[0].time
    story.at(6000)
    assert story.told(first + 330, 6000) == ["miner resolved"]
    last = story.of("miner")[-1]
    assert (last.starts, last.ends) == (100, 160)


def test_an_hour_of_outage_with_two_hundred_findings_loses_none():
    story = Story().goes_down()
    for at in range(200):
        story.at(at * 18).opens(f"f{at}")
        if at >= 100:
            story.closes(f"f{at - 100}")
    story.at(3700).comes_back().at(5000)

    assert {t.finding for t in story.heard if t.state == "firing"} == {f"f{i}" for i in range(200)}
    assert {t.finding for t in story.heard if t.state == "resolved"} == {
        f"f{i}" for i in range(100)
    }
    assert story.outbox.pending("alertmanager/http://am:9093", 10) == []


def test_an_outage_costs_few_requests_and_they_are_not_in_step():
    story = Story().goes_down().at(0).opens("miner").at(3600)
    times = [time for time, _ in story.requests]
    waits = [after - before for before, after in itertools.pairwise(times)]

    assert 100 < len(times) < 300
    assert all(0.5 <= wait <= 30 for wait in waits)
    assert len({round(wait, 3) for wait in waits}) > 100
    assert times == [t for t, _ in Story().goes_down().opens("miner").at(3600).requests]


def test_it_is_said_once_and_only_after_a_while(caplog):
    story = Story().goes_down().at(0).opens("miner").at(100)
    assert story.courier.trouble.sentence(100) == ""
    said = {story.at(t).courier.trouble.sentence(t) for t in range(130, 3000, 10)}

    assert said == {"http://am:9093 takes no alerts: nothing listens there"}
    with caplog.at_level(logging.INFO, "aisec_daemon"):
        story.comes_back().at(3100)
    assert caplog.messages == ["http://am:9093 takes alerts again"]
    assert story.courier.trouble.sentence(3100) == ""


def test_it_stays_one_sentence_however_it_fails():
    story = Story().goes_down().at(0).opens("miner").at(300)
    story.goes_down(Answer(Outcome.LATER, "timeout", "it does not answer in time")).at(600)
    said = story.courier.trouble.sentence(600)
    story.goes_down(WRONG_PASSWORD).at(700)

    assert said.endswith("nothing listens there")
    assert story.courier.trouble.sentence(700).endswith("accept our password")


def test_what_somebody_has_to_mend_is_said_at_once():
    story = Story().goes_down(WRONG_PASSWORD).at(5).opens("miner")

    assert "does not accept our password" in story.courier.trouble.sentence(5)


def test_when_the_daemon_restarts_it_goes_on_where_it_was():
    story = Story().at(0).opens("a").opens("b").at(400).closes("a").at(410)
    story.goes_down().at(420).closes("b").opens("c").at(430).restarts().comes_back().at(2000)

    assert sorted(story.told(430, 500)) == ["b firing", "c firing"]
    assert "b resolved" not in story.told(0, 759)
    assert story.told(765, 2000) == ["c firing", "b resolved"]
    assert story.of("b")[-1].ends == 420


def test_a_closing_that_was_not_yet_told_outlives_a_restart():
    story = Story().at(0).opens("a").at(10).closes("a").at(20).opens("b").at(100)
    story.restarts().at(2000)

    assert "a resolved" not in story.told(0, 329)
    assert story.of("a")[-1].state == "resolved"


def test_one_that_opens_again_before_its_end_was_told_just_goes_on():
    story = Story().at(0).opens("miner").at(10).closes("miner").at(20).opens("miner").at(1000)

    assert story.told() == ["miner firing"]
    assert story.outbox.pending("alertmanager/http://am:9093", 10) == []


def test_a_finding_that_was_open_before_we_began_is_told():
    story = Story().at(0).opens("old")
    story.outbox.begin()
    story.heard.clear()
    story.restarts().at(10)

    assert story.told() == ["old firing"]


def test_graver_is_another_alert_and_ends_the_milder_one():
    story = Story().at(0).opens("miner", severity=Severity.WARNING)
    story.at(100).changes("miner", severity=Severity.CRITICAL).at(150)

    now = sorted((t for t in story.of("miner") if t.time == 100), key=lambda t: -ord(t.severity[0]))
    assert [(t.severity, t.state) for t in now] == [("warning", "resolved"), ("critical", "firing")]
    assert now[0].content["annotations"]["goes_on_as"] == "critical"
    labels = [dict(t.content["labels"]) for t in now]
    assert [each.pop("severity") for each in labels] == ["warning", "critical"]
    assert labels[0] == labels[1]


def test_one_that_becomes_graver_before_it_was_told_is_told_once():
    story = Story().goes_down().at(0).opens("miner", severity=Severity.WARNING)
    story.at(10).changes("miner", severity=Severity.HIGH).at(20).comes_back().at(600)

    assert {t.severity for t in story.of("miner")} == {"high"}
    assert story.outbox.pending("alertmanager/http://am:9093", 10) == []


def test_it_never_becomes_milder_again():
    story = Story().at(0).opens("miner", severity=Severity.HIGH)
    story.at(100).changes("miner", severity=Severity.INFO).at(1000).closes("miner").at(3000)

    assert {t.severity for t in story.of("miner")} == {"high"}
    assert story.told() == ["miner firing", "miner resolved"]


def test_labels_stay_whatever_becomes_of_the_finding():
    story = Story().at(0).opens("miner", labels={"user": "alice"})
    story.at(100).changes("miner", labels={"user": "bob"}, subjects=("x", "y"), reason="more")
    story.at(500).changes("miner", severity=Severity.CRITICAL)
    story.at(1000).closes("miner").at(1100)

    labels = [{**t.content["labels"], "severity": ""} for t in story.of("miner")]
    assert all(each == labels[0] for each in labels)
    assert story.of("miner")[0].content["labels"]["user"] == "alice"
    assert story.of("miner")[-1].content["annotations"]["subjects"] == "x\ny"


def test_news_is_told_before_its_turn():
    story = Story().at(0).opens("miner").at(20).changes("miner", subjects=("a", "b"))

    assert [t.time for t in story.of("miner")] == [0, 20]


def test_facts_are_those_of_now():
    story = Story().at(0).opens("miner", facts={"watts": 100.0})
    story.open["miner"] = replace(story.open["miner"], facts={"watts": 700.0})
    story.at(60)

    assert [t.content["annotations"]["facts"] for t in story.heard] == ["watts: 100", "watts: 700"]


def test_one_that_opens_again_under_its_id_fires_again():
    story = Story().at(0).opens("miner").at(400).closes("miner").at(410)
    story.opens("miner").at(800).closes("miner").at(1500)

    assert story.told(400, 409) == ["miner resolved"]
    assert story.told(410, 799) == ["miner firing"]
    assert story.told(800, 1500) == ["miner resolved"]


@pytest.mark.parametrize("ahead", [-7200.0, -30.0, 0.0, 2.0, 600.0, 7200.0])
def test_clocks_that_differ_do_not_matter(ahead):
    story = Story(ahead=ahead).at(0).opens("miner").at(400).closes("miner").at(401)

    assert story.told(0, 399)[-1] == "miner firing"
    assert story.of("miner")[-1].state == "resolved"
    assert story.of("miner")[-1].ends == pytest.approx(400 + ahead, abs=5)


def test_a_clock_that_jumps_about_does_not_keep_alerts_from_being_told():
    story = Story(ahead=itertools.cycle((0.0, 1000.0))).at(0).opens("miner").at(600)

    assert len(story.requests) < 30
    assert story.outbox.pending("alertmanager/http://am:9093", 10) == []


class Picky:
    """An Alertmanager that refuses whatever has a certain alert in it."""

    def __init__(self, story: Story, bad: str) -> None:
        self.story, self.bad, self.take = story, bad, story._post

    def __call__(self, body: bytes) -> Answer:
        if f'"finding":"{self.bad}"'.encode() in body:
            self.story.requests.append((self.story.now, "400"))
            return REFUSED
        return self.take(body)


def test_one_alert_that_is_refused_holds_up_no_other(caplog):
    story = Story().goes_down()
    story.courier._post = Picky(story, "bad")
    for name in ("a", "bad", "b"):
        story.opens(name)
    story.comes_back().at(60)

    assert story.told() == ["a firing", "b firing"]
    assert story.outbox.pending("alertmanager/http://am:9093", 10) == []
    assert [m for m in caplog.messages if "bad" in m] == [
        "http://am:9093 refuses the alert of finding bad: HTTP 400: bad label"
    ]
    assert story.courier.trouble.sentence(60) == ""
    story.at(7300)
    assert [m for m in caplog.messages if "refuses" in m] == caplog.messages[-1:]
    assert 3 < [code for _, code in story.requests].count("400") < 8  # now and then it is tried


def test_an_alert_that_is_taken_after_all_is_an_alert_like_others():
    story = Story()
    story.courier._post = Picky(story, "bad")
    story.opens("bad").at(10)
    story.courier._post = story._post
    story.at(3700).closes("bad").at(5000)

    assert story.told() == ["bad firing", "bad resolved"]


def test_more_than_it_can_hold_waits_in_the_outbox():
    story = Story(policy=replace(POLICY, changes=10, batch=4)).goes_down()
    for at in range(25):
        story.opens(f"f{at}")
    story.at(100)
    assert story.courier._delivery.unheard == 10
    story.comes_back().at(200)
    assert story.told() == [f"f{i} firing" for i in range(25)]
    for at in range(25):
        story.closes(f"f{at}")
    story.at(20_000)

    assert {t.finding for t in story.heard if t.state == "resolved"} == {f"f{i}" for i in range(25)}
    assert story.outbox.pending("alertmanager/http://am:9093", 10) == []


IDS = ("a", "b", "c")
happening = st.tuples(
    st.sampled_from(["opens", "closes", "graver", "milder", "down", "up", "restarts"]),
    st.sampled_from(IDS),
    st.sampled_from([0.5, 20.0, 70.0, 400.0]),
)


@settings(max_examples=150)
@given(st.lists(happening, max_size=25))
def test_whatever_happens_in_whatever_order_everybody_learns_of_it_in_the_end(happenings):
    """Nothing is lost, what is open fires under one severity, what is over is resolved."""
    story = Story(policy=replace(POLICY, batch=2))
    opened: set[str] = set()
    generation = dict.fromkeys(IDS, 0)
    for what, letter, wait in happenings:
        story.at(story.now + wait)
        name = f"{letter}{generation[letter]}"
        if what == "opens" and name not in story.open:
            story.opens(name)
            opened.add(name)
        elif what == "closes" and name in story.open:
            story.closes(name)
            generation[letter] += 1
        elif what in {"graver", "milder"} and name in story.open:
            step = 1 if what == "graver" else -1
            severity = min(max(story.open[name].severity + step, 0), 3)
            story.changes(name, severity=Severity(severity))
        elif what == "down":
            story.goes_down()
        elif what == "up":
            story.comes_back()
        elif what == "restarts":
            story.restarts()
    end = story.comes_back().now + 40
    story.at(end + 3000)

    last = {(t.finding, t.severity): t.state for t in story.heard}
    before_expiry = {(t.finding, t.severity): t for t in story.heard}
    assert {t.finding for t in story.heard if t.state == "firing"} == opened
    for name in opened:
        gravest = [t.severity for t in story.of(name)][-1]
        assert last[name, gravest] == ("firing" if name in story.open else "resolved")
    assert story.outbox.pending("alertmanager/http://am:9093", 10) == []
    for (name, _), told in before_expiry.items():
        same = [t for t in story.of(name) if t.severity == told.severity]
        assert len({str(t.content["labels"]) for t in same}) == 1
        assert all(t.ends >= t.starts for t in same)
