"""Who has to do with a GPU."""

from __future__ import annotations

import pytest

from aisec_daemon.host.network.kinship import near_gpus
from tests.host.probe.servers import workload


def near(*workloads, parents=()):
    known = {one.identity.pid: one.identity for one in (*workloads, *parents)}
    found = near_gpus(workloads, known.get)
    return {int(subject.split(":")[0]) for subject in found}


def test_a_server_whose_kernel_is_on_a_gpu_is_near_it():
    """Jupyter itself never is on one; a shell between them is no workload."""
    shell = workload(8, parent=7)
    jupyter, other = workload(7, on_gpu=False, service="jupyter"), workload(5, on_gpu=False)
    kernel = workload(9, parent=8)

    assert near(jupyter, kernel, other, parents=[shell]) == {7, 8, 9}


@pytest.mark.parametrize(
    ("words", "is_near"),
    [
        ({"container": "c1"}, True),
        ({"pod": "p1"}, True),
        ({"slurm_job": "77"}, True),
        ({"service": "ray"}, True),
        ({"service": "ray", "user": "bob"}, False),
        ({"service": "mlflow"}, False),
        ({"container": "c2"}, False),
        ({}, False),
    ],
)
def test_one_of_the_same_place_or_cluster_is_near(words, is_near):
    worker = workload(7, service="ray", container="c1", pod="p1", slurm_job="77")
    head = workload(9, on_gpu=False, **words)

    assert (9 in near(worker, head)) is is_near


def test_parents_that_go_round_in_a_circle_are_survived():
    """A pid is read after another; both may have been used again meanwhile."""
    one, two = workload(7, parent=8), workload(8, parent=7, on_gpu=False)

    assert near(one, two) == {7, 8}
