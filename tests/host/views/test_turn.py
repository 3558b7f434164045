"""What is put together of one pid."""

from __future__ import annotations

import pytest

from aisec_daemon.host.views.direct import Look, Sight
from aisec_daemon.host.views.namespace import Namespace
from aisec_daemon.host.views.turn import Turn

OURS = Namespace(live=True, ours=True, host=True)


@pytest.fixture
def turn():
    made = Turn(OURS)
    made.show({"listing": frozenset({1}), "raw_listing": frozenset({1, 5})})
    return made


def test_what_only_one_listing_shows_is_claimed_by_it(turn):
    assert dict(turn.claims) == {5: {"raw_listing"}}
    assert turn.views["raw_listing"].known == 2


def test_a_claim_of_the_connector_alone_means_it_has_ended(turn):
    turn.claim("connector", [9], 1)

    assert turn.suspect(9, Look(Sight.NOTHING), alive=False) is None


def test_a_thread_is_nobody(turn):
    turn.claim("cgroup", [9], 1)

    assert turn.suspect(9, Look(Sight.THREAD, 3), alive=True) is None


def test_a_look_that_is_forbidden_is_not_an_absence(turn):
    turn.claim("cgroup", [9], 1)
    suspect = turn.suspect(9, Look(Sight.FORBIDDEN), alive=True)

    assert suspect.missing_from == ("listing", "raw_listing")


def test_the_kernels_claim_falls_when_it_no_longer_answers(turn):
    turn.claim("kernel", [9], 1)

    assert turn.suspect(9, Look(Sight.NOTHING), alive=False) is None


def test_whoever_is_in_one_of_two_listings_is_shown(turn):
    turn.show_again({"listing": frozenset({5}), "raw_listing": frozenset()})

    assert turn.suspect(5, Look(Sight.PROCESS, 3), alive=True) is None
