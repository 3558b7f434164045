"""What is told of a GPU that is used by nobody, and when honest work is left alone."""

from __future__ import annotations

import numpy as np
import pytest

from aisec_daemon.app import catalogue
from aisec_daemon.detectors.gpu_unaccounted import GpuUnaccounted
from aisec_daemon.model import Severity, Snapshot, State, View
from aisec_daemon.model.allow import Allow
from aisec_daemon.pipeline.pipeline import Pipeline

GB = 1e9
TABLES = catalogue.tables()


def gpu(used=0.0, load=0.0, listed=0.0, reserved=6e8, kind="gpu", parent="", instance=""):
    numbers = {"memory_used_bytes": used, "memory_reserved_bytes": reserved}
    numbers |= {"utilization_ratio": load, "listed_processes": listed}
    return numbers, {"kind": kind, "parent": parent, "gpu_instance_id": instance}


def process(used, process="42:777", uuid="GPU-a", kind="compute", name="python"):
    words = {"uuid": uuid, "process": process, "pid": process.split(":")[0], "kind": kind}
    return {"memory_used_bytes": used}, {**words, "name": name}


def on(*rows):
    return {f"{words['uuid']}/{words['process']}": (numbers, words) for numbers, words in rows}


class Node:
    """A minute and more of readings, one a second."""

    def __init__(self, detector=None, compared: float = 1.0):
        self.detector = detector or GpuUnaccounted()
        self.state = State.empty(GpuUnaccounted.memory)
        self.time = 1000.0
        self.compared = compared

    def view(self, table, rows, time=None):
        time = self.time if time is None else time
        return View(time, Snapshot.from_rows(TABLES[table], time, rows), np.empty(0), {})

    def pass_(self, seconds, gpus, processes=(), age=0.0):
        gpus = gpus if isinstance(gpus, dict) else {"GPU-a": gpus}
        for _ in range(seconds):
            self.time += 1.0
            seen = {"view/nvml": ({"known_processes": self.compared}, {})}
            views = [
                self.view("gpu", gpus),
                self.view("gpu_process", on(*processes), self.time - age),
                self.view("process_view", seen, self.time),
            ]
            self.state, verdict = self.detector(self.state, *views)
        return verdict


def test_memory_without_any_process_is_told_after_a_minute():
    node = Node()
    early = node.pass_(60, gpu(used=5 * GB))
    late = node.pass_(1, gpu(used=5 * GB, load=0.5))

    assert early.score[0] < 1
    assert late.score[0] >= 1
    assert late.severities == (Severity.HIGH,)
    assert late.reasons[0] == (
        "GPU GPU-a: 5.00 of 5.00 GB in use belong to no process that is seen: none is on it, and "
        "it is 50% busy"
    )


def test_load_without_any_process_is_told():
    verdict = Node().pass_(62, gpu(used=1e6, load=0.4))

    assert verdict.score[0] >= 1
    assert verdict.reasons[0] == "GPU GPU-a is 40% busy although no process is on it"


@pytest.mark.parametrize(
    ("gpus", "processes"),
    [
        (gpu(used=3.4e6, load=0.0), ()),  # idle, as measured
        (gpu(used=9.3e9, load=1.0, listed=1), [process(9.29e9)]),  # measured: 9 MB a process
        (gpu(used=300e6, load=0.04), ()),
        (gpu(used=24.4e9, load=1.0, listed=40), [process(6e8, f"{n}:1") for n in range(40)]),
    ],
)
def test_what_processes_explain_is_no_finding(gpus, processes):
    assert Node().pass_(100, gpus, processes).score[0] < 1


def test_memory_of_a_pid_that_proc_does_not_know_is_unexplained():
    node = Node()
    verdict = node.pass_(62, gpu(used=5 * GB, listed=2), [process(1e9), process(4e9, "66:?")])

    assert verdict.score[0] >= 1
    assert verdict.severities == (Severity.HIGH,)
    assert "NVML lists pid 66, which /proc does not know" in verdict.reasons[0]


def test_beside_a_process_that_is_seen_it_is_a_warning_that_names_the_honest_case():
    """The driver does not count unified memory as its process's."""
    node = Node()
    verdict = node.pass_(62, gpu(used=60 * GB, listed=1), [process(5e9)])
    quiet = Node(GpuUnaccounted(shared=False)).pass_(
        62, gpu(used=60 * GB, listed=1), [process(5e9)]
    )

    assert verdict.score[0] >= 1
    assert verdict.severities == (Severity.WARNING,)
    assert "unified memory of the 1 that are seen" in verdict.reasons[0]
    assert quiet.score[0] < 1


@pytest.mark.parametrize(
    ("gpus", "processes"),
    [
        (gpu(used=5 * GB, listed=np.nan), ()),  # processes could not be listed
        (gpu(used=5 * GB, reserved=np.nan), ()),  # used holds what is reserved
        (gpu(used=np.nan, load=np.nan), ()),
        (gpu(used=5 * GB, listed=1), [process(np.nan)]),
        (gpu(used=5 * GB, listed=1), [process(1e9, kind="compute+mps")]),
        (gpu(used=5 * GB, listed=1), [process(3e7, name="nvidia-cuda-mps-server")]),
    ],
)
def test_what_is_not_known_accuses_nobody(gpus, processes):
    assert np.isnan(Node().pass_(100, gpus, processes).score[0])


def test_where_pids_mean_nothing_nobody_is_accused():
    """In a container the processes of others are not listed, or bear pids of the host."""
    rows = gpu(used=5 * GB, load=0.9, listed=1)

    assert np.isnan(Node(compared=np.nan).pass_(100, rows, [process(5e9, "66:?")]).score[0])
    assert np.isnan(Node(compared=np.nan).pass_(100, gpu(used=5 * GB, load=0.9)).score[0])


def test_processes_read_at_another_time_are_not_compared():
    assert np.isnan(Node().pass_(100, gpu(used=5 * GB), age=30.0).score[0])


def test_one_process_after_the_other_that_is_listed_a_second_late_is_honest():
    node = Node()
    scores = []
    for _ in range(20):
        scores += [node.pass_(2, gpu(used=5 * GB)).score[0]]
        scores += [node.pass_(8, gpu(used=5 * GB, listed=1), [process(5e9)]).score[0]]

    assert max(scores) < 1


def test_one_that_restarts_every_minute_is_told():
    node = Node()
    scores = []
    for _ in range(3):
        scores += [node.pass_(1, gpu(used=5 * GB)).score[0] for _ in range(55)]
        scores += [node.pass_(1, gpu()).score[0] for _ in range(5)]

    assert max(scores) >= 1


def test_when_it_is_over_it_is_below_the_line_at_once_and_forgotten_soon():
    node = Node()
    node.pass_(300, gpu(used=5 * GB))

    assert node.pass_(1, gpu()).score[0] < 1
    assert node.pass_(90, gpu()).score[0] == 0


def test_going_blind_keeps_what_is_known():
    node = Node()
    node.pass_(62, gpu(used=5 * GB))
    node.pass_(30, gpu(used=np.nan, load=np.nan, listed=np.nan))

    assert node.pass_(1, gpu(used=5 * GB)).score[0] >= 1


def test_instances_of_one_gpu_share_its_memory():
    part = {"kind": "mig", "parent": "GPU-a", "instance": "1"}
    gpus = {
        "GPU-a": gpu(used=9 * GB, listed=0),
        "MIG-a": gpu(used=8 * GB, listed=1, **part),
        "MIG-b": gpu(used=8 * GB, listed=1, **part),
        "MIG-c": gpu(used=4 * GB, listed=0, kind="mig", parent="GPU-a", instance="2"),
    }
    processes = [process(5e9, uuid="MIG-a"), process(3e9, "43:1", uuid="MIG-b")]
    verdict = Node().pass_(62, gpus, processes)
    scores = dict(zip(verdict.subjects, verdict.score, strict=True))

    assert {uuid for uuid, score in scores.items() if score >= 1} == {"MIG-c"}


def test_a_case_is_permitted_by_its_gpu():
    allow = Allow("gpu_unaccounted", "lent to a machine", "ops", 9e9, subject="GPU-a")
    pipeline = Pipeline(TABLES, [GpuUnaccounted()], {}, [allow])
    node = Node()
    for _ in range(70):
        node.time += 1.0
        seen = {"view/nvml": ({"known_processes": 0.0}, {})}
        pipeline.step(node.view("process_view", seen).latest)
        pipeline.step(node.view("gpu_process", {}).latest)
        tick = pipeline.step(node.view("gpu", {"GPU-a": gpu(used=5 * GB)}).latest)

    (finding,) = tick.findings
    assert (finding.key, finding.allowed) == ("GPU-a", "lent to a machine")


def test_lines_of_nothing_are_refused():
    with pytest.raises(ValueError, match="after"):
        GpuUnaccounted(after=0)


def test_a_log_of_gpus_alone_says_nothing_of_who_uses_them():
    """It is not even asked, so that what was open before a restart stays open."""
    asked = []

    def guard(rule, judge):
        asked.append(rule)
        return judge()

    pipeline = Pipeline(TABLES, [GpuUnaccounted()], {}, guard=guard)
    gpu = {"GPU-a": ({"memory_used_bytes": 9e9}, {})}
    pipeline.step(Snapshot.from_rows(TABLES["gpu"], 5.0, gpu))
    pipeline.step(Snapshot.from_rows(TABLES["gpu_process"], 6.0, {}))
    pipeline.step(Snapshot.from_rows(TABLES["gpu"], 7.0, gpu))

    assert asked == ["gpu_unaccounted"]
