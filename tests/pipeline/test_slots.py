"""Who keeps a place when there are more subjects than places."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from aisec_daemon.pipeline.slots import Slots


def test_a_subject_keeps_its_slot_while_others_come_and_go():
    slots = Slots(limit=8, keep_seconds=10)
    slots.update(0, ("a", "b"), ())
    before = slots.of(["b"])
    slots.update(1, ("b", "c"), ())

    assert slots.of(["b"]) == before


def test_the_dead_go_first_the_longest_dead_before_the_rest():
    slots = Slots(limit=3, keep_seconds=100)
    slots.update(0, ("a", "b", "c"), ())
    slots.update(1, ("b", "c"), ())
    slots.update(2, ("c",), ())
    slots.update(3, ("c", "d"), ())

    assert slots.of(["a"]) == [-1]
    assert -1 not in slots.of(["b", "c", "d"])
    assert slots.evicted == 1


def test_the_living_without_a_gpu_make_room_for_one_that_holds_a_gpu():
    slots = Slots(limit=2, keep_seconds=10)
    slots.update(0, ("a", "b"), ())
    slots.update(1, ("a", "b", "g"), ("g",))

    assert slots.of(["g"]) != [-1]
    assert slots.of(["a", "b"]).count(-1) == 1


def test_sixty_thousand_short_processes_never_evict_the_one_with_the_gpu():
    slots = Slots(limit=1024, keep_seconds=60)
    slots.update(0, ("gpu",), ("gpu",))
    mine = slots.of(["gpu"])
    for turn in range(60):
        others = tuple(f"{turn}-{i}" for i in range(1000))
        slots.update(turn, (*others[:500], "gpu", *others[500:]), ("gpu",))

    assert slots.of(["gpu"]) == mine
    assert slots.size <= 1024
    assert slots.evicted > 0


def test_a_slot_is_free_again_once_its_past_is_too_old_to_be_asked_for():
    slots = Slots(limit=100, keep_seconds=5)
    for turn in range(50):
        slots.update(turn, (f"only-{turn}",), ())

    assert slots.size <= 8
    assert slots.evicted == 0


@given(
    st.lists(st.tuples(st.sets(st.sampled_from("abcdefgh")), st.sets(st.sampled_from("abc")))),
    st.integers(1, 4),
)
def test_no_two_subjects_share_a_slot_and_holders_always_have_one(turns, limit):
    slots = Slots(limit, keep_seconds=2)
    for time, (present, holding) in enumerate(turns):
        slots.update(time, tuple(sorted(present)), holding)
        given_out = [slot for slot in slots.of("abcdefgh") if slot >= 0]

        assert len(given_out) == len(set(given_out))
        assert -1 not in slots.of(sorted(present & holding))
        assert len(given_out) <= limit + 3  # as many as ever held a GPU
