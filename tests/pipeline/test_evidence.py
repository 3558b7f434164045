"""What is kept as the proof of a finding: its rows, what they name, and a past that fits."""

from __future__ import annotations

import numpy as np

from aisec_daemon.model import Column, Label, Snapshot, Table, View
from aisec_daemon.pipeline.evidence import gather
from tests.journal.findings import finding
from tests.pipeline.tables import snapshot

USE = Table(
    "gpu_process",
    "Who is on which GPU.",
    (Column("memory_used_bytes", "Memory."),),
    (Label("uuid", "GPU."), Label("process", "Process.")),
    ("uuid",),
)


def view(latest: Snapshot, instants: int = 0, *columns: str) -> View:
    times = np.arange(instants, dtype=float)
    shape = instants, len(latest.subjects)
    numbers = np.arange(instants * shape[1], dtype=np.float32).reshape(shape)
    return View(latest.time, latest, times, dict.fromkeys(columns, numbers))


def gpus(count: int = 3) -> Snapshot:
    return snapshot(5.0, {f"gpu{i}": (100.0 + i, 0.0) for i in range(count)})


def test_the_judged_rows_of_a_finding_and_no_others():
    (proof,) = gather([view(gpus())], finding(subjects=("gpu1",)))

    assert (proof.table, proof.time, proof.subjects) == ("gpu", 5.0, ("gpu1",))
    assert proof.numbers["power_watts"] == (101.0,)
    assert np.isnan(proof.numbers["start_timestamp_seconds"][0])
    assert proof.words == {"user": ("alice",)}
    assert (proof.times, proof.past, proof.more) == ((), {}, 0)


def test_a_past_is_thinned_and_ends_with_the_newest():
    (proof,) = gather([view(gpus(), 1000, "power_watts")], finding(subjects=("gpu2", "gpu0")))

    assert proof.subjects == ("gpu0", "gpu2")
    assert len(proof.times) <= 120
    assert proof.times[-1] == 999
    assert [series[-1] for series in proof.past["power_watts"]] == [2997.0, 2999.0]
    assert {len(series) for series in proof.past["power_watts"]} == {len(proof.times)}


def test_without_a_past_there_are_the_rows_only():
    views = [view(gpus(), 10, "power_watts")]
    (proof,) = gather(views, finding(subjects=("gpu1",)), past=False)

    assert proof.numbers["power_watts"] == (101.0,)
    assert (proof.times, proof.past) == ((), {})
    assert gather(views, finding(subjects=("gpu1",)))[0].past


def test_what_found_no_room_is_counted():
    names = tuple(f"gpu{i}" for i in range(40))
    (proof,) = gather([view(gpus(40), 2, "power_watts")], finding(subjects=names))

    assert (len(proof.subjects), proof.more) == (16, 24)


def test_other_tables_show_what_the_judged_rows_name():
    on = {"7:1": "gpu1", "8:1": "gpu0"}
    rows = {f"{gpu}/{p}": ({}, {"uuid": gpu, "process": p}) for p, gpu in on.items()}
    uses = Snapshot.from_rows(USE, 5.0, rows)
    first = gather([view(uses), view(gpus())], finding(subjects=("gpu1/7:1",)))
    other_way = gather([view(gpus()), view(uses), None], finding(subjects=("gpu1",)))

    assert [proof.subjects for proof in first] == [("gpu1/7:1",), ("gpu1",)]
    assert [proof.subjects for proof in other_way] == [("gpu1",), ("gpu1/7:1",)]


def test_a_subject_may_name_its_table():
    (proof,) = gather([view(gpus())], finding(subjects=("gpu/gpu2",)))

    assert proof.subjects == ("gpu2",)


def test_a_subject_that_is_gone_leaves_no_proof():
    assert gather([view(gpus()), None], finding(subjects=("gone",))) == ()
