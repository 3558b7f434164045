"""The memory of flows: bounded, and whole folders where files are many."""

from __future__ import annotations

from aisec_daemon.host.flow.seen import READ, SINGLES, WRITE, Seen, Target, folder_and_name


def target(place, kind="dataset", form="parquet"):
    return Target(kind, place, form)


def test_files_are_told_one_by_one_until_they_are_many():
    seen = Seen(10)
    for at in range(SINGLES + 1):
        flow = seen.see(target("/d"), 1.0)
        flow.see(f"{at}.parquet", b"%d" % at, READ, 5.0)
        if at < SINGLES:
            assert list(flow.names) == [f"{n}.parquet" for n in range(at + 1)]

    assert flow.names is None
    assert len(flow.open) == SINGLES + 1


def test_directions_add_up_for_each_file():
    flow = Seen(10).see(target("/d"), 1.0)
    flow.see("a", b"a", READ, 1.0)
    flow.see("a", b"a", WRITE, 1.0)
    flow.see("b", b"b", WRITE, 1.0)

    assert flow.names == {"a": READ | WRITE, "b": WRITE}


def test_a_flow_stays_when_nothing_is_open_any_more():
    seen = Seen(10)
    seen.see(target("/d"), 1.0).see("a", b"a", READ, 1.0)
    seen.turn()
    seen.see(target("/e"), 2.0)
    (first, second) = seen.flows.values()

    assert (first.first, first.last, first.open, list(first.names)) == (1.0, 1.0, {}, ["a"])
    assert (second.first, second.last) == (2.0, 2.0)


def test_who_finds_no_room_is_counted_and_the_longest_unseen_goes():
    seen = Seen(2)
    for place in "abc":
        seen.see(target(place), 1.0)
    assert (len(seen.flows), seen.left_out) == (2, 1)
    seen.see(target("x", kind="model"), 1.0)
    assert len(seen.flows) == 3
    seen.turn()
    seen.see(target("b"), 2.0)
    seen.see(target("c"), 2.0)

    assert [each.place for each in seen.flows] == ["b", "x", "c"]
    assert seen.left_out == 0


def test_the_numbers_of_checkpoints_are_left_out():
    """A training that writes one each hour is one flow."""
    assert folder_and_name("/out/checkpoint-500/model.safetensors") == (
        *("/out/checkpoint-*", "model.safetensors"),
    )
    assert folder_and_name("/out/global_step20/x.pt")[0] == "/out/global_step*"
    assert folder_and_name("/data2/x.csv")[0] == "/data2"
    assert len(folder_and_name("/" + "x" * 5000 + "/y")[0]) <= 512


def test_files_whose_names_are_hidden_alike_are_counted_apart():
    flow = Seen(10).see(target("/d"), 1.0)
    for at in range(SINGLES + 1):
        flow.see("<redacted>.parquet", b"%d" % at, READ, 1.0)

    assert len(flow.open) == SINGLES + 1
    assert flow.names is None
