"""The journal as daemon and receivers see it, over restarts."""

from __future__ import annotations

import math

import numpy as np
import pytest

from aisec_daemon.journal.journal import Journal
from aisec_daemon.journal.kept import Kept, KeptCase
from aisec_daemon.journal.limits import Limits
from aisec_daemon.model import State, Status
from tests.journal.findings import change, finding, tick

NOW = 1.8e9


@pytest.fixture
def journal(tmp_path):
    """Return a journal that is opened anew each time it is called for, the last one closed."""
    opened = []

    def fresh(**more) -> Journal:
        for each in opened:
            each.close()
        opened[:] = [Journal(tmp_path / "state", NOW + len(opened), **more)]
        return opened[0]

    yield fresh
    for each in opened:
        each.close()


def names(entries) -> list[tuple[str, str]]:
    return [(c.what, c.finding.id) for _, c in entries]


def test_what_a_receiver_has_not_done_is_handed_out_after_a_restart(journal):
    first = journal()
    first.pending("mail", 0)
    first(tick(change("opened", of=finding("a")), change("opened", of=finding("b"))))
    first(tick(change("closed", of=finding("a"))))
    ((seq, _), *_) = first.pending("mail", 9)
    first.done("mail", seq)
    second = journal()

    assert second.wrong == []
    assert names(second.pending("mail", 9)) == [("opened", "b"), ("closed", "a")]
    assert names(second.pending("mail", 1)) == [("opened", "b")]
    assert second.pending("new", 9) == []


def test_numbers_rise_over_restarts(journal):
    first = journal()
    first.pending("r", 0)
    for name in "abc":
        first(tick(change("opened", of=finding(name))))
    second = journal()
    second(tick(change("opened", of=finding("d"))))
    seqs = [seq for seq, _ in second.pending("r", 9)]

    assert seqs == sorted(set(seqs))
    assert len(seqs) == 4


def test_open_findings_and_what_detectors_remember_live_on(journal):
    first = journal()
    first(tick(change("opened", of=finding("a")), change("opened", of=finding("b"))))
    state = State(("k", "\ud800"), np.array([[1.0, math.nan], [0.1, -math.inf]]))
    pending = KeptCase(finding("p", status=Status.PENDING, opened=math.nan))
    first.keep(Kept(NOW, {"count": (3, state)}, (KeptCase(finding("a"), 7.0), pending)))
    kept = journal().kept

    assert [(c.finding.id, c.calm_since, c.told) for c in kept.cases if c.told] == [
        ("a", 7.0, True)
    ]
    assert [c.finding.id for c in kept.cases if not c.told] == ["p"]
    version, back = kept.states["count"]
    assert (version, back.keys) == (3, state.keys)
    np.testing.assert_array_equal(back.values, state.values)


def test_a_finding_closed_after_the_last_keeping_stays_closed(journal):
    first = journal()
    first(tick(change("opened")))
    first.keep(Kept(NOW, cases=(KeptCase(finding()),)))
    first(tick(change("closed")))

    assert journal().kept.cases == ()


def test_an_allowed_finding_is_kept_and_not_told_until_its_exception_ends(journal):
    allowed = finding(allowed="burn-in")
    first = journal()
    first.pending("r", 0)
    first(tick(change("opened", of=allowed), open_now=(allowed,)))
    assert (first.pending("r", 9), first.open_findings()) == ([], ())
    second = journal()
    assert [(c.finding.id, c.told) for c in second.kept.cases] == [("a", False)]
    second(tick(change("changed"), open_now=(finding(),)))

    assert names(second.pending("r", 9)) == [("opened", "a")]
    assert [f.id for f in second.open_findings()] == ["a"]


def test_a_withdrawn_finding_is_closed_for_receivers_also_from_the_disk(journal):
    first = journal()
    first.pending("r", 0)
    first(tick(change("opened")))
    first(tick(change("changed", time=5.0, of=finding(allowed="burn-in"))))
    (_, opened), (_, closed) = journal().pending("r", 9)

    assert (opened.what, closed.what) == ("opened", "closed")
    assert (closed.finding.status, closed.finding.closed) == (Status.CLOSED, 5.0)


def test_two_daemons_do_not_write_into_one_journal(journal, tmp_path):
    journal()
    with pytest.raises(OSError, match="another daemon"):
        Journal(tmp_path / "state", NOW)


def test_it_is_for_its_owner_only(journal, tmp_path):
    journal()(tick(change("opened")))

    files = list((tmp_path / "state").iterdir())
    assert {f.name for f in files} >= {"journal.db", "journal.db-wal", "journal.lock"}
    assert [f.name for f in files if f.stat().st_mode & 0o077] == []


def test_something_is_kept_under_a_name(journal):
    first = journal()
    assert first.recall("calibration/drift") is None
    first.remember("calibration/drift", 2, b"\x00abc")
    assert first.recall("calibration/drift") == (2, b"\x00abc")
    first.remember("calibration/drift", 3, b"other")
    second = journal()

    assert second.recall("calibration/drift") == (3, b"other")
    assert second.recall("approval/model") is None
    assert second.kept.states == {}


def test_more_than_memory_holds_comes_from_the_disk_in_order(journal, monkeypatch):
    monkeypatch.setattr("aisec_daemon.journal.tail.SIZE", 10)
    first = journal(limits=Limits())
    first.pending("r", 0)
    for at in range(40):
        first(tick(change("opened", of=finding(f"{at}"))))
    got = []
    while entries := first.pending("r", 7):
        got += [c.finding.id for _, c in entries]
        first.done("r", entries[-1][0])

    assert got == [f"{at}" for at in range(40)]


def test_asking_for_nothing_skips_nothing(journal):
    first = journal()
    first.pending("r", 0)
    first(tick(change("opened")))
    second = journal()
    second.pending("r", 0)

    assert names(second.pending("r", 9)) == [("opened", "a")]


def test_what_cannot_be_read_for_a_moment_is_not_left_out(journal, monkeypatch):
    first = journal()
    first.pending("r", 0)
    first(tick(change("opened")))
    second = journal()
    second(tick(change("closed")))
    with monkeypatch.context() as broken:
        broken.setattr("aisec_daemon.journal.journal.open_readable", _unreadable)
        assert second.pending("r", 9) == []

    assert names(second.pending("r", 9)) == [("opened", "a"), ("closed", "a")]


def _unreadable(_):
    raise OSError("busy")
