from __future__ import annotations

import numpy as np
import pytest

from aisec_daemon.detectors.mining import fuse
from aisec_daemon.detectors.mining.pieces import (
    CAPS,
    FAMILIES,
    HONEST_CAP,
    LINE,
    NAMES,
    PIECES,
    WEIGHTS,
)
from aisec_daemon.model import Severity

HONEST = [piece.name for piece in PIECES if piece.family == "honest"]


def weighed(*spoke, unsettled=False, seen=True):
    pieces = {"framework": np.array([0.0 if seen else np.nan])}
    pieces |= {name: np.array([1.0]) for name in spoke}
    return fuse.weigh(1, pieces, {}, {}, np.array([unsettled]))


def test_pieces_of_one_group_count_once():
    both = weighed("steady", "unrhythmic")

    assert both.families[0, 0] == pytest.approx(WEIGHTS[NAMES.index("unrhythmic")])


def test_no_family_adds_more_than_its_cap():
    everything = weighed(*[name for name in NAMES if name not in HONEST])

    assert (everything.families <= CAPS).all()
    assert (everything.families[0] > 0).all()


def test_honest_signs_take_off_at_most_what_the_strongest_family_adds():
    """They never veto: with two families the weaker one is left."""
    suspicious = ("hash_pipes", "flow_young")
    plain, against = weighed(*suspicious), weighed(*suspicious, *HONEST)
    strongest = plain.families.max()

    assert against.honest[0] == min(HONEST_CAP, strongest)
    assert against.score[0] == pytest.approx(plain.score[0] - against.honest[0] / LINE)
    assert weighed(*HONEST).score[0] == 0


@pytest.mark.parametrize(
    ("spoke", "severity"),
    [
        (("listed",), Severity.WARNING),
        (("listed", "hash_pipes"), Severity.HIGH),
        (("listed", "hash_pipes", "flow_old"), Severity.CRITICAL),
        (("kernel_thread",), Severity.CRITICAL),
        (("memory_executable",), Severity.CRITICAL),
        (("deleted_executable", "hash_pipes"), Severity.HIGH),
    ],
)
def test_severity_follows_the_number_of_families(spoke, severity):
    assert weighed(*spoke).severities == (severity,)


@pytest.mark.parametrize(
    ("spoke", "honest", "severity"),
    [
        (("hash_pipes", "deleted_executable"), "framework", Severity.HIGH),  # void
        (("memory_hard", "table_size", "light_bus", "flow_old"), (), Severity.HIGH),
        (("memory_hard", "table_size", "light_bus", "flow_old"), "framework", Severity.WARNING),
        (("hash_pipes", "listed", "flow_old"), "scheduled", Severity.CRITICAL),
    ],
)
def test_a_family_that_honest_signs_explain_counts_no_more_for_the_severity(
    spoke, honest, severity
):
    """A training by a slow connection, with a table's size by chance, is one family's warning."""
    signs = (honest,) if honest else ()

    assert weighed(*spoke, *signs).severities == (severity,)


@pytest.mark.parametrize(
    ("spoke", "severity"),
    [
        (("hash_pipes", "light_bus", "deleted_executable"), Severity.WARNING),
        (("hash_pipes", "bare_compute", "place_temporary", "deleted_executable"), Severity.WARNING),
        (("hash_pipes", "listed"), Severity.HIGH),
        (("memory_executable",), Severity.CRITICAL),
    ],
)
def test_what_connects_to_nobody_is_a_warning_unless_it_hides_or_is_listed(spoke, severity):
    """Hash cracking, proving and stencils of one's own, rebuilt or started from anywhere."""
    assert weighed(*spoke, "no_outward").severities == (severity,)


def test_honest_signs_do_not_explain_a_name_on_a_list():
    """It is told at once, before it has reached its pool."""
    assert weighed("listed", *HONEST).score[0] == weighed("listed").score[0]


@pytest.mark.parametrize("alone", ["listed", "kernel_thread", "memory_executable"])
def test_some_signs_are_enough(alone):
    assert weighed(alone).score[0] >= 1


@pytest.mark.parametrize("family", FAMILIES)
def test_no_other_piece_is_enough_alone(family):
    enough = {"listed", "kernel_thread", "memory_executable"}
    for piece in PIECES:
        if piece.family == family and piece.name not in enough:
            assert weighed(piece.name).score[0] < 1, piece.name


def test_what_is_not_settled_is_not_acquitted():
    assert np.isnan(weighed(unsettled=True).score[0])
    assert weighed("listed", unsettled=True).score[0] > 1


def test_counters_alone_never_cross_the_line():
    """Neither pipes nor a locked clock nor a look at the program: old logs have no more."""
    weak = [
        piece.name
        for piece in PIECES
        if piece.family == "behaviour"
        and piece.group != "pipes"
        and piece.name != "memory_clock_low"
    ]

    assert weighed(*weak, seen=False).score[0] < 1
    assert weighed(*weak).score[0] >= 1


def test_a_framework_counts_nothing_where_the_pipes_compute_nothing_of_the_kind():
    assert weighed("hash_pipes", "framework").honest[0] == 0
    assert weighed("memory_hard", "framework").honest[0] > 0


def test_every_piece_says_where_its_weight_comes_from():
    assert len(set(NAMES)) == len(NAMES)
    for piece in PIECES:
        assert piece.origin
        assert piece.weight > 0
        assert piece.family in (*FAMILIES, "honest")


def test_no_rows_are_no_verdict():
    none = np.empty(0, dtype=bool)
    empty = fuse.weigh(0, {}, {}, {}, none)

    assert empty.score.shape == (0,)
    assert empty.severities == ()
