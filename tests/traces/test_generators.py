"""Generators: traces that a node could have made, and the truth about them."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from aisec_daemon import model
from aisec_daemon.app import catalogue
from aisec_daemon.model import Severity
from tests.traces.generators import (
    ALGORITHMS,
    CARDS,
    HONEST,
    Kind,
    Scene,
    generate,
    reduce_to_power,
)
from tests.traces.generators.scenes import WHOLE_NODE
from tests.traces.seen import seen

EVERY = [name for name in (*ALGORITHMS, *HONEST) if name not in WHOLE_NODE]


def node(seed: int, card: str = "h200", seconds: int = 120):
    scenes = [Scene(family) for family in EVERY]
    snapshots, truths = generate(np.random.default_rng(seed), card, scenes, seconds)
    return list(snapshots), truths


def test_the_same_seed_gives_the_same_trace():
    """A figure of the bench can be made again."""
    one, other = node(3), node(3)

    assert one[1] == other[1]
    assert len(one[0]) == len(other[0])
    for a, b in zip(one[0], other[0], strict=True):
        assert (a.table.name, a.time, a.subjects) == (b.table.name, b.time, b.subjects)
        assert np.array_equal(a.values, b.values, equal_nan=True)
        assert dict(a.labels) == dict(b.labels)


def test_another_seed_gives_another_trace():
    """Runs are not copies of each other."""
    one, other = node(3)[0], node(4)[0]

    assert not np.array_equal(one[0]["power_watts"], other[0]["power_watts"])


@pytest.mark.parametrize("card", CARDS)
def test_numbers_are_what_their_columns_may_hold(card):
    """Shares lie between 0 and 1, counters never fall, nothing is infinite."""
    last = {}
    for snapshot in node(5, card)[0]:
        table = snapshot.table
        for at, column in enumerate(table.columns):
            numbers = snapshot.values[:, at]
            assert not np.isinf(numbers).any(), column.name
            if column.name.endswith("_ratio"):
                assert not ((numbers < 0) | (numbers > 1)).any(), column.name
        for at in (i for i, c in enumerate(table.columns) if c.kind is model.Kind.COUNTER):
            for subject, number in zip(snapshot.subjects, snapshot.values[:, at], strict=True):
                key = table.name, subject, at
                assert not number < last.get(key, 0.0), (table.columns[at].name, subject)
                last[key] = number


def test_times_of_each_table_rise_by_its_period():
    """Tables come as often as their samplers read them."""
    snapshots, _ = node(6)
    periods = {name: plugin().period for name, plugin in catalogue.samplers().items()}
    for name in {s.table.name for s in snapshots}:
        times = [s.time for s in snapshots if s.table.name == name]

        assert {round(b - a, 3) for a, b in pairwise(times)} == {periods[name]}


@pytest.mark.parametrize("card", CARDS)
def test_pipes_are_read_where_there_is_gpm_only(card):
    """Absent is NaN, never 0."""
    snapshot = node(7, card)[0][-10:]
    gpu = next(s for s in snapshot if s.table.name == "gpu")

    assert np.isnan(gpu["pipe_integer_ratio"]).all() != CARDS[card].pipes


@pytest.mark.parametrize("card", CARDS)
@pytest.mark.parametrize("family", ALGORITHMS)
def test_a_miner_works_from_the_begin_that_is_told(family, card):
    """Idle before, its table in memory and the card busy after."""
    it = seen(family, card=card, seconds=120)

    assert it.truth.kind is Kind.MINING
    assert it.before("utilization_ratio").max() == 0
    assert it.gpu("utilization_ratio").mean() > 0.8
    assert np.ptp(it.gpu("memory_used_bytes")) == 0
    assert it.before("memory_used_bytes").max() < it.gpu("memory_used_bytes").min()
    assert it.gpu("power_watts").mean() > it.before("power_watts").mean() * 1.2


@pytest.mark.parametrize("family", ALGORITHMS)
def test_hashing_uses_integers_and_nothing_else(family):
    """As recorded: tensor and floating point exactly 0; but for mining by matrices, integers."""
    it = seen(family)

    assert it.gpu("pipe_fp32_ratio").max() == it.gpu("pipe_tensor_hmma_ratio").max() == 0
    if family == "pearl":
        assert it.gpu("pipe_tensor_imma_ratio").min() > 0.3
    else:
        assert it.gpu("pipe_tensor_ratio").max() == 0
        assert it.gpu("pipe_integer_ratio").mean() > 0.2


@pytest.mark.parametrize("family", HONEST)
def test_honest_work_has_no_indicator_of_a_miner(family):
    """Truth of honest work: silence, or at most a warning."""
    it = seen(family, gpus=2)

    assert it.truth.kind is (Kind.CRACKING if family == "hash-cracking" else Kind.HONEST)
    assert it.truth.most in {None, Severity.WARNING}
    assert len(it.truth.processes) == {"shared": 4}.get(family, 2)
    if "indicators" in it.table("process")[0].labels:
        assert it.words("process", "indicators") <= {""}


def test_every_guilty_process_is_on_its_gpus_and_nowhere_else():
    """The truth names rows that the trace has."""
    snapshots, truths = node(8)
    owners = {p: truth.gpus for truth in truths for p in truth.processes}
    rows = [s for s in snapshots if s.table.name == "gpu_process"]
    found = {}
    for snapshot in rows:
        uses = zip(snapshot.labels["process"], snapshot.labels["uuid"], strict=True)
        for process, uuid in uses:
            found.setdefault(process, set()).add(uuid)

    assert {process: set(gpus) for process, gpus in owners.items()} == found


def test_gpus_of_one_training_move_together_and_those_of_a_miner_do_not():
    """What a rule about peers can see."""
    training = seen("training-large", gpus=2, seconds=600)
    mining = seen("cuckoo", gpus=2, seconds=600)

    def likeness(it):
        return np.corrcoef(*(it.gpu("utilization_ratio", gpu, 40) for gpu in (0, 1)))[0, 1]

    assert likeness(training) > 0.9
    assert abs(likeness(mining)) < 0.5


def test_old_logs_have_power_and_utilisation_alone():
    """Everything else is not read, no other table is there."""
    scenes = [Scene("etchash"), Scene("stencil")]
    snapshots, _ = generate(np.random.default_rng(1), "a100", scenes, 60)
    reduced = list(reduce_to_power(snapshots))
    read = ~np.isnan(reduced[-1].values).all(axis=0)
    names = {n for n, there in zip(reduced[0].table.column_names, read, strict=True) if there}

    assert len(reduced) == 60
    assert names == {"power_watts", "power_limit_watts", "utilization_ratio", "read_age_seconds"}


def test_a_scene_that_there_is_not_is_refused():
    """A spelling mistake measures nothing."""
    with pytest.raises(ValueError, match="no scene"):
        Scene("etchash", "renmaed")
    with pytest.raises(ValueError, match="no scene"):
        Scene("stencil", "renamed")


def test_a_foreign_namespace_hides_all_processes_at_once():
    """Not one, as a rootkit does."""
    it = seen("foreign-pids", gpus=2)
    rows = it.table("gpu_process")[-1]

    assert len(rows.subjects) == 2
    assert all(process.endswith(":?") for process in rows.labels["process"])
    assert not any(s.subjects for s in it.table("program"))


def test_a_new_column_is_not_forgotten():
    """What an H200 is not made to show is named here; all else is read."""
    it = seen("training-large", gpus=2)
    gpu = it.table("gpu")[-1]
    unread = {n for n in gpu.table.column_names if np.isnan(gpu[n]).all()}
    rare = ("remap", "xid_last", "memory_temperature")
    events = ("clock_event",)

    assert {n for n in unread if not n.startswith((*rare, *events))} == set()
    for table in ("gpu_process", "process", "program"):
        rows = it.table(table)[-1]
        assert not np.isnan(rows.values).any(), table


def test_the_driver_lists_as_many_processes_as_the_table_has():
    snapshots, _ = node(9)
    gpu, processes = (
        [s for s in snapshots if s.table.name == name] for name in ("gpu", "gpu_process")
    )
    for one, other in zip(gpu, processes, strict=True):
        rows = [sum(u == uuid for u in other.labels["uuid"]) for uuid in one.subjects]
        assert one["listed_processes"].tolist() == rows
