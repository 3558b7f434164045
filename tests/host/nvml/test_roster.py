import math

from aisec_daemon.host.nvml.fields import FIELDS, INDEX, PROCESS_FIELDS
from aisec_daemon.host.nvml.roster import Roster
from aisec_daemon.host.nvml.row import Answer, Identity, Process, Row, Xid

PROCESS = Process(7, ("compute",), (1.0,) * len(PROCESS_FIELDS))


def good(index, uuid, *, seconds=0.01, xids=(), processes=(PROCESS,)):
    numbers = [1.0] * len(FIELDS)
    numbers[INDEX["read_seconds"]] = seconds
    row = Row(Identity(uuid, "H200", "gpu", "", ""), tuple(numbers), processes)
    return Answer(index, (row,), xids=xids)


def lost(index):
    return Answer(index, (), 15, "nvmlDeviceGetMemoryInfo_v2: GPU_IS_LOST")


def test_a_silent_gpu_keeps_its_row_without_numbers():
    roster = Roster()
    roster.take(good(0, "A"), now=10.0)
    roster.show(10.0)
    (late,) = roster.show(13.5)

    assert late.identity.uuid == "A"
    assert late.error == "no answer for 3.5 s"
    assert late.read_age_seconds == 3.5
    assert math.isnan(late.numbers[INDEX["power_watts"]])
    assert [x.pid for x in late.processes] == [7]
    assert not late.processes_fresh
    assert math.isnan(late.processes[0].numbers[0])


def test_a_lost_gpu_says_so_until_it_answers_well():
    roster = Roster()
    roster.take(good(0, "A"), now=10.0)
    roster.take(lost(0), now=11.0)
    shown = [roster.show(now)[0] for now in (11.0, 12.0)]
    roster.take(good(0, "A"), now=13.0)

    assert [gpu.error for gpu in shown] == ["nvmlDeviceGetMemoryInfo_v2: GPU_IS_LOST"] * 2
    assert roster.show(13.0)[0].error == ""


def test_a_gpu_that_was_never_identified_is_shown():
    roster = Roster()
    roster.take(lost(3), now=1.0)
    (unknown,) = roster.show(1.0)
    roster.take(good(3, "D"), now=2.0)

    assert unknown.identity.uuid == "unknown-3"
    assert [gpu.identity.uuid for gpu in roster.show(2.0)] == ["D"]


def test_a_gpu_that_never_answers_is_shown_once_it_had_time_to():
    """Counted when the driver was opened, it must not be missing from the page for good."""
    roster = Roster()
    roster.enumerate(2, "570")
    roster.take(good(0, "A"), now=0.0)
    shown = [[gpu.identity.uuid for gpu in roster.show(now)] for now in (1.0, 10.9, 11.1)]
    (_, silent) = roster.show(21.0)
    roster.take(good(1, "B"), now=22.0)

    assert shown == [["A"], ["A"], ["A", "unknown-1"]]
    assert silent.error == "no answer for 20.0 s"
    assert silent.read_age_seconds == 20.0
    assert [gpu.identity.uuid for gpu in roster.show(22.0)] == ["A", "B"]


def test_a_gpu_that_takes_anothers_place_leaves_no_silent_one_behind():
    """Its own place is free until the next one is read: that is no silence yet."""
    roster = Roster()
    roster.enumerate(2, "570")
    for now in (0.0, 100.0):
        roster.take(good(0, "A"), now=now)
        roster.take(good(1, "B"), now=now)
        roster.show(now)
    roster.take(good(0, "B"), now=101.0)

    assert [gpu.identity.uuid for gpu in roster.show(101.0)] == ["B"]


def test_a_fallen_gpu_goes_when_others_take_its_index():
    """NVML, opened afresh, counts two where there were three: the middle one has gone."""
    roster = Roster()
    roster.enumerate(3, "570")
    for index, uuid in enumerate("ABC"):
        roster.take(good(index, uuid), now=1.0)
    moved = roster.enumerate(2, "570")
    roster.take(good(0, "A"), now=2.0)
    roster.take(good(1, "C"), now=2.0)
    roster.prune()

    assert moved
    assert [(gpu.index, gpu.identity.uuid) for gpu in roster.show(2.0)] == [(0, "A"), (1, "C")]


def test_xids_are_counted_over_generations_and_remain_true():
    roster = Roster()
    roster.take(good(0, "A", xids=(Xid(31, 5.0), Xid(79, 6.0))), now=10.0)
    roster.take(good(0, "A", xids=(Xid(63, 7.0),)), now=11.0)
    roster.show(11.0)
    numbers = roster.show(12.0)[0].numbers

    assert numbers[INDEX["xid_errors"]] == 3.0
    assert numbers[INDEX["xid_last_code"]] == 63.0
    assert numbers[INDEX["xid_last_timestamp_seconds"]] == 7.0


def test_without_events_the_xid_count_is_not_zero():
    roster = Roster()
    roster.take(good(0, "A", xids=None), now=10.0)

    assert math.isnan(roster.show(10.0)[0].numbers[INDEX["xid_errors"]])


def test_processes_that_could_not_be_listed_are_those_of_last_time():
    roster = Roster()
    roster.take(good(0, "A"), now=10.0)
    roster.take(good(0, "A", processes=None), now=11.0)
    (gpu,) = roster.show(11.0)

    assert gpu.error == ""
    assert not gpu.processes_fresh
    assert [x.pid for x in gpu.processes] == [7]
    assert math.isnan(gpu.processes[0].numbers[0])


def test_slow_gpus_are_read_last():
    roster = Roster()
    roster.take(good(0, "A", seconds=0.4), now=1.0)
    roster.take(good(1, "B", seconds=0.01), now=1.0)

    assert roster.by_speed({0, 1, 2}) == [1, 0, 2]
