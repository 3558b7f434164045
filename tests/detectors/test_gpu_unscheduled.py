"""Who is told of for using a GPU, under which policy, and who never is."""

from __future__ import annotations

import numpy as np
import pytest

from aisec_daemon.app import catalogue
from aisec_daemon.detectors.gpu_unscheduled import GpuUnscheduled
from aisec_daemon.model import Severity, Snapshot, State, View
from aisec_daemon.model.allow import Allow
from aisec_daemon.pipeline.pipeline import Pipeline

TABLES = catalogue.tables()
NOBODYS = {"slurm_job": "", "pod": "", "container": "", "unit": "", "user": "eve"}


def use(process="42:7", uuid="GPU-a", **words):
    said = {**NOBODYS, "kind": "compute", "executable": "/home/eve/x", "name": "x", **words}
    return f"{uuid}/{process}", ({}, {**said, "process": process, "uuid": uuid, "pid": "42"})


def jobs(count, **words):
    return [use(f"{n}:1", **{"slurm_job": str(n), "user": "ada", **words}) for n in range(count)]


class Node:
    def __init__(self, state=None, **settings):
        self.detector = GpuUnscheduled(**settings)
        self.state = state or State.empty(GpuUnscheduled.memory)
        self.time = 1000.0

    def pass_(self, seconds, *uses):
        for _ in range(seconds):
            self.time += 1.0
            snapshot = Snapshot.from_rows(TABLES["gpu_process"], self.time, dict(uses))
            view = View(self.time, snapshot, np.empty(0), {})
            self.state, verdict = self.detector(self.state, view)
        return verdict


def told(verdict):
    return [s for s, score in zip(verdict.subjects, verdict.score, strict=True) if score >= 1]


def test_without_policy_and_scheduler_nobody_is_told_of():
    assert told(Node().pass_(200, use())) == []


def test_where_jobs_were_seen_work_outside_one_is_told_after_a_minute():
    node = Node()
    node.pass_(1, *jobs(20))
    early, late = node.pass_(60, use()), node.pass_(1, use())

    assert told(early) == []
    assert told(late) == ["GPU-a/42:7"]
    assert GpuUnscheduled.rule.severity is Severity.WARNING
    assert late.reasons == (
        "process 42 (/home/eve/x, user eve) computes on GPU-a and is in no scheduler's job",
    )


@pytest.mark.parametrize("words", [{"slurm_job": "7"}, {"pod": "uid"}])
def test_a_job_or_a_pod_is_in_order(words):
    node = Node()
    node.pass_(1, *jobs(20))

    assert told(node.pass_(100, use(**words))) == []


def test_a_few_jobs_or_the_same_one_again_are_no_scheduler():
    node = Node()
    node.pass_(50, *jobs(19))

    assert told(node.pass_(100, use())) == []


def test_it_remembers_the_scheduler_across_a_restart_and_forgets_it_after_a_month():
    node = Node()
    node.pass_(1, *jobs(20))
    restarted = Node(State(node.state.keys, node.state.values))
    restarted.time = node.time + 86400
    later = Node(State(node.state.keys, node.state.values))
    later.time = node.time + 31 * 86400

    assert told(restarted.pass_(70, use())) != []
    assert told(later.pass_(70, use())) == []


def test_automatic_can_be_switched_off():
    node = Node(automatic=False)
    node.pass_(1, *jobs(20))

    assert told(node.pass_(100, use())) == []


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"users": ("ev*",)}, {}),
        ({"units": ("jupyter.service",)}, {"unit": "jupyter.service"}),
        ({"containers": ("c0ffee*",)}, {"container": "c0ffee12"}),
        ({"pods": ("uid-1",)}, {"pod": "uid-1"}),
        ({"executables": ("/opt/*",)}, {"executable": "/opt/dcgm"}),
        ({"users": ("ada",), "units": ("jupyter.*",)}, {"unit": "jupyter.service"}),
    ],
)
def test_whoever_fits_any_pattern_may(settings, words):
    assert told(Node(**settings).pass_(100, use(**words))) == []
    assert told(Node(require_job=True, **settings).pass_(100, use(**words))) == []


def test_patterns_are_the_whole_policy_where_there_is_a_scheduler_too():
    """Whoever fits is in order outside of a job, whoever does not is told why."""
    node = Node(users=("ada",))
    node.pass_(1, *jobs(20))
    verdict = node.pass_(70, use())

    assert verdict.reasons[0].endswith("is not among those who may use GPUs")


def test_with_patterns_alone_a_job_is_no_permission_and_with_require_job_it_is():
    assert told(Node(users=("ada",)).pass_(70, use(slurm_job="7"))) != []
    verdict = Node(users=("ada",)).pass_(70, use())
    assert verdict.reasons[0].endswith("is not among those who may use GPUs")
    assert told(Node(users=("ada",), require_job=True).pass_(70, use(slurm_job="7"))) == []
    assert told(Node(require_job=True).pass_(70, use())) != []


INSIDE = {"container": "c0ffee12" * 8, "image": "registry.example/team/trainer:1.2"}


@pytest.mark.parametrize("pattern", ["registry.example/team/*", "*/trainer:1.?", INSIDE["image"]])
def test_containers_of_an_image_may(pattern):
    assert told(Node(images=(pattern,)).pass_(100, use(**INSIDE))) == []
    assert told(Node(images=(pattern,), require_job=True).pass_(100, use(**INSIDE))) == []
    assert told(Node(images=("x", pattern), users=("ada",)).pass_(100, use(**INSIDE))) == []


@pytest.mark.parametrize("patterns", [("registry.example/ops/*",), ("trainer",), ("*",)])
@pytest.mark.parametrize("image", [None, "", INSIDE["image"]])
def test_an_image_that_is_unread_or_none_fits_nothing_and_is_no_excuse(patterns, image):
    """Who makes a group that is called like a container's has an image that nobody can read."""
    fits = patterns == ("*",) and image
    verdict = Node(images=patterns).pass_(70, use(**INSIDE | {"image": image}))

    assert told(verdict) == ([] if fits else ["GPU-a/42:7"])
    if not fits:
        assert verdict.reasons[0].endswith("is not among those who may use GPUs")


def test_where_no_container_is_read_the_image_is_unread_like_any_other_word():
    verdict = Node(images=("x",)).pass_(100, use(container=None, image=None))

    assert np.isnan(verdict.score[0])


def test_the_reason_names_the_image():
    reasons = [
        Node(require_job=True).pass_(70, use(**INSIDE | {"image": image})).reasons[0]
        for image in (INSIDE["image"], None)
    ]

    assert "user eve, container c0ffee12c0ff of image registry.example/team/trainer" in reasons[0]
    assert "user eve, container c0ffee12c0ff of an unread image) computes on" in reasons[1]


@pytest.mark.parametrize(
    "words",
    [
        {"slurm_job": None},
        {"pod": None, "slurm_job": ""},
        {"process": "42:?", **dict.fromkeys((*NOBODYS, "executable", "name"))},
    ],
)
def test_one_that_could_not_be_read_is_not_judged(words):
    process = words.pop("process", "42:7")
    verdict = Node(require_job=True).pass_(100, use(process, **words))

    assert np.isnan(verdict.score[0])


def test_drawing_a_desktop_is_no_work_but_computing_beside_it_is():
    assert told(Node(require_job=True).pass_(100, use(kind="graphics"))) == []
    assert told(Node(require_job=True).pass_(100, use(kind="compute+graphics"))) != []


def test_eight_gpus_and_restarts_are_one_case_and_short_tests_are_none():
    node = Node(require_job=True)
    for pid in range(3):
        node.pass_(40, *(use(f"{pid}:1", f"GPU-{gpu}") for gpu in range(8)))
        node.pass_(5)
    verdict = node.pass_(1, *(use("9:1", f"GPU-{gpu}") for gpu in range(8)))
    assert len(told(verdict)) == 8
    assert set(verdict.keys) == {"/home/eve/x eve"}

    calm = Node(require_job=True)
    for pid in range(20):
        assert told(calm.pass_(20, use(f"{pid}:1"))) == []
        calm.pass_(60)


@pytest.mark.parametrize(
    "by", [{"user": "eve"}, {"executable_hash": "5ha256"}, {"image": "*/team/trainer:*"}]
)
def test_a_case_is_permitted_by_its_user_or_by_what_it_runs_and_closes(by):
    allow = Allow("gpu_unscheduled", "administrator", "ops", 9e9, **by)
    pipeline = Pipeline(TABLES, [GpuUnscheduled(require_job=True)], {}, [allow])

    def step(time, *uses):
        return pipeline.step(Snapshot.from_rows(TABLES["gpu_process"], time, dict(uses)))

    eve = use(executable_hash="5ha256", **INSIDE)
    ticks = [step(1000.0 + s, eve) for s in range(70)]
    (finding,) = ticks[-1].findings

    assert finding.allowed == "administrator"
    assert [c.what for tick in ticks for c in tick.changes] == ["opened"]
    step(1071.0)
    assert [change.what for change in step(1140.0).changes] == ["closed"]


def test_an_exception_for_an_image_covers_no_container_whose_image_is_unread():
    allow = Allow("gpu_unscheduled", "administrator", "ops", 9e9, image="*")
    pipeline = Pipeline(TABLES, [GpuUnscheduled(require_job=True)], {}, [allow])
    eve = dict([use(**INSIDE | {"image": None})])
    for time in range(1000, 1070):
        tick = pipeline.step(Snapshot.from_rows(TABLES["gpu_process"], float(time), eve))

    assert [finding.allowed for finding in tick.findings] == [""]


@pytest.mark.parametrize("settings", [{"after": 0}, {"jobs_seen": 0}, {"remember": 0}])
def test_settings_that_mean_nothing_are_refused(settings):
    with pytest.raises(ValueError, match=next(iter(settings))):
        GpuUnscheduled(**settings)
