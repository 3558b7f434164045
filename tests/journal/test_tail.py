"""The outbox in memory: order, receivers of different speed, bounded size."""

from __future__ import annotations

from threading import Thread

from aisec_daemon.journal.tail import Tail
from tests.journal.findings import change, finding, tick


def names(entries) -> list[str]:
    return [c.finding.id for _, c in entries]


def test_each_receiver_gets_what_it_has_not_done_oldest_first():
    tail = Tail()
    for name in "abc":
        tail(tick(change("opened", of=finding(name))))
    (first, _), *_ = tail.pending("slow", 10)
    tail.done("slow", first)

    assert names(tail.pending("slow", 10)) == ["b", "c"]
    assert names(tail.pending("new", 2)) == ["a", "b"]


def test_what_is_not_done_is_handed_out_again_and_done_never_goes_back():
    tail = Tail()
    tail(tick(change("opened"), change("closed")))
    (_, _), (last, _) = tail.pending("r", 10)
    tail.done("r", last)
    tail.done("r", last - 1)

    assert tail.pending("r", 10) == []


def test_a_receiver_that_is_new_begins_where_the_settings_were_read():
    tail = Tail()
    tail(tick(change("opened", of=finding("old")), open_now=(finding("old"),)))
    tail.begin()
    tail(tick(change("opened", of=finding("new")), open_now=(finding("old"), finding("new"))))

    assert names(tail.pending("r", 10)) == ["new"]
    assert [f.id for f in tail.open_findings()] == ["old", "new"]


def test_what_is_allowed_is_in_neither_list():
    tail = Tail()
    allowed = finding(allowed="burn-in")
    tail(tick(change("opened", of=allowed), open_now=(allowed,)))

    assert (tail.pending("r", 10), tail.open_findings()) == ([], ())


def test_when_it_is_full_the_oldest_goes_and_is_counted_if_somebody_wanted_it():
    tail = Tail(size=2)
    tail.pending("r", 0)
    for name in "abc":
        tail(tick(change("opened", of=finding(name))))

    assert names(tail.pending("r", 10)) == ["b", "c"]
    assert tail.lost == 1


def test_two_threads_lose_nothing():
    tail, got = Tail(), []

    def take() -> None:
        while len(got) < 500:
            for seq, each in tail.pending("r", 7):
                got.append(each.finding.id)
                tail.done("r", seq)

    taker = Thread(target=take)
    taker.start()
    for at in range(500):
        tail(tick(change("opened", of=finding(str(at)))))
    taker.join(timeout=20)

    assert got == [str(at) for at in range(500)]


def test_a_finding_whose_rule_is_gone_is_closed_and_the_others_are_not():
    tail = Tail()
    tail(tick(change("opened", of=finding("a")), change("opened", of=finding("b"))))
    tail.settle([finding("b")], 9.0)
    (_, closing) = tail.pending("r", 10)[-1]

    assert (closing.what, closing.time, closing.finding.id) == ("closed", 9.0, "a")
    assert "no longer runs" in closing.finding.reason
    assert [f.id for f in tail.told] == ["b"]


def test_what_every_receiver_has_does_not_fill_memory_and_what_one_lacks_stays():
    """The journal has it on the disk; months of findings would be megabytes here."""
    tail = Tail()
    for name in ("quick", "slow"):
        tail.pending(name, 0)
    for number in range(1000):
        tail(tick(change("opened", of=finding(str(number)))))
        tail.done("quick", tail.seq)
    waiting = len(tail.pending("slow", 2000))
    tail.done("slow", tail.seq)
    tail(tick(change("opened", of=finding("last"))))

    assert waiting == 1000
    assert len(tail._entries) <= 128
    assert names(tail.pending("slow", 10)) == ["last"]
    assert tail.lost == 0
