"""Which workload a process belongs to: its image counts, the release of it does not."""

from __future__ import annotations

import numpy as np
import pytest

from aisec_daemon.app import catalogue
from aisec_daemon.detectors.drift.series import gather
from aisec_daemon.model import Snapshot, View
from tests.detectors.drift_node import BEGIN, gpu_view

TABLE = catalogue.tables()["gpu_process"]
DIGEST = "@sha256:" + "0f" * 32
SCRIPT = {"executable": "/usr/bin/python3", "script": "/srv/train.py", "user": "root"}


def owner(container="", image=""):
    """Return the workload of a process, and its words."""
    words = SCRIPT | {"uuid": "GPU-a", "container": container, "image": image}
    row = ({"memory_used_bytes": 1e9}, words)
    processes = View(BEGIN, Snapshot.from_rows(TABLE, BEGIN, {"p": row}), np.empty(0), {})
    series = gather(processes, gpu_view(BEGIN, {"GPU-a": 500.0}), ())
    (name,) = (each for each in set(series.owners) if each.startswith("workload/"))
    return name, series.words[name]


def test_outside_of_a_container_a_workload_is_who_it_was_before_images_were_read():
    assert owner()[0] == owner(image=None)[0] == "workload/9fee7e95e82b908f"


def test_programs_of_two_images_are_two_workloads():
    names = {owner("c", image)[0] for image in ("team/trainer:1", "team/server:1", None)}

    assert len(names) == 3


@pytest.mark.parametrize(
    ("image", "repository"),
    [
        ("r.example:5000/team/trainer", "r.example:5000/team/trainer"),
        ("r.example:5000/team/trainer:1.3", "r.example:5000/team/trainer"),
        (f"r.example:5000/team/trainer:1.3{DIGEST}", "r.example:5000/team/trainer"),
        (f"r.example:5000/team/trainer{DIGEST}", "r.example:5000/team/trainer"),
        ("busybox:latest", "busybox"),
        (DIGEST[1:], DIGEST[1:]),
        ("0f" * 32, "0f" * 32),
        ("x:\\x0a/y", "x:\\x0a/y"),
    ],
)
def test_a_release_is_held_against_the_one_before(image, repository):
    name, words = owner("c", image)

    assert words["image"] == repository
    assert name == owner("other", repository)[0]
