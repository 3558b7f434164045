"""A finding is read at night: one sentence, the strongest first, nothing twice, no NaN."""

from __future__ import annotations

import numpy as np

from tests.detectors.mining.given import (
    HASHING,
    MINER,
    connection,
    facts,
    gpu,
    judge,
    process,
    program,
    use,
)


def told(**words):
    return judge(
        gpus=gpu(MINER | HASHING),
        uses=use(**words),
        processes=process(indicators=""),
        programs=program(executable_place="temporary"),
        sockets=connection(),
    )


def test_the_three_strongest_pieces_are_named_with_their_values():
    reason = told().reasons[0]

    assert "98%" in reason  # integer work
    assert "temporary folder" in reason
    assert "no machine-learning" in reason
    assert reason.count(";") <= 4


def test_all_pieces_are_in_the_facts_one_of_each_group():
    pieces = facts(told())["pieces"].split()

    assert {"hash_pipes", "flow_young", "bare_compute", "place_temporary"} <= set(pieces)
    assert "integer_excess" not in pieces  # of the same group as hash_pipes
    assert "steady" not in pieces  # unrhythmic says it, too


def test_the_sentence_says_what_it_was_judged_from():
    assert facts(told())["judged_from"] == (
        "power and load, pipes, the program's libraries, its connections, lists"
    )
    alone = judge(gpus=gpu(MINER | HASHING), uses=use())
    assert facts(alone)["judged_from"] == "power and load, pipes"


def test_whoever_looks_alike_is_named_by_what_spoke():
    """With pipes, work on integers; without, whatever loads a GPU as evenly."""
    assert (
        told()
        .reasons[0]
        .endswith("hash cracking, zero-knowledge proving, genomics and joins of tables look alike")
    )
    listed = judge(processes=process(indicators="name/xmrig"))
    assert listed.reasons[0].endswith("programs of the same name look alike")


def test_hostile_words_are_passed_on_but_break_nothing():
    """A sink escapes; braces of a name are no fields of the sentence."""
    verdict = told(name="{peer}{0}%s", user="<b>", container="x" * 64)

    assert "{peer}{0}%s" in verdict.reasons[0]
    assert "<b>" in verdict.reasons[0]


def test_below_the_line_nothing_is_described():
    verdict = judge(gpus=gpu(dict.fromkeys(MINER, np.nan)), uses=use())

    assert verdict.reasons == ("",)
    assert facts(verdict)["pieces"] == ""
