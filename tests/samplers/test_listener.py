"""Table `listener`, with true sockets and small servers of this machine."""

from __future__ import annotations

import os
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from aisec_daemon.host.probe.probes import Probes
from aisec_daemon.samplers.listener import Listener
from tests.host.network.started import watching
from tests.host.probe.answers import ANSWERS
from tests.host.probe.servers import page, serving, site


@pytest.fixture
def node():
    """This machine as a sampler sees it; this very process is a workload."""
    with watching() as watch:
        watch.source.add(os.getpid())
        probes = Probes(Path("/"), watch.tally)
        images = SimpleNamespace(of=lambda who: f"image of {who.subject}")
        yield SimpleNamespace(
            listeners=watch.listeners,
            probes=probes,
            digest=lambda subject: f"sha of {subject}",
            workloads=watch.source,
            images=images,
        )


def row(snapshot, port):
    """Return the row of a port: its numbers and words."""
    (at,) = [i for i, each in enumerate(snapshot.labels["port"]) if each == str(port)]
    words = {name: column[at] for name, column in snapshot.labels.items()}
    numbers = dict(zip(snapshot.table.column_names, snapshot.values[at], strict=True))
    return {**numbers, **words, "subject": snapshot.subjects[at]}


def test_a_row_tells_who_listens_where_and_that_nobody_asked(node):
    with serving(site(ANSWERS["jupyter"][0])) as server:
        found = row(Listener().read(node, 1.8e9), server.target.port)

    (workload,) = node.workloads.read()
    assert server.connections == 0
    assert found["process"] == workload.identity.subject
    assert found["subject"].startswith(f"{found['process']}/")
    assert (found["asset"], found["identity"]) == (workload.asset, f"same-{workload.asset}")
    assert (found["address"], found["scope"], found["namespace"]) == (
        "127.0.0.1",
        "loopback",
        "own",
    )
    assert (found["service"], found["version"], found["authentication"]) == ("", None, "not_probed")
    assert (found["on_gpu"], found["control"]) == ("yes", "")
    assert (found["executable"], found["user"]) == (
        workload.identity.executable,
        workload.identity.user,
    )
    assert found["executable_hash"] == f"sha of {found['process']}"
    assert found["image"] == f"image of {found['process']}"
    assert found["first_seen_timestamp_seconds"] == 1.8e9
    assert np.isnan([found["asked_timestamp_seconds"], found["asked_seconds"]]).all()


@pytest.mark.parametrize("among", ["mlflow", "all"])
def test_a_service_that_is_permitted_to_be_asked_is(node, among):
    with serving(site(ANSWERS["mlflow"][0])) as server:
        port = server.target.port
        sampler = Listener(probe=(among,), probe_ports=(port,))
        found = row(sampler.read(node, 1.8e9), port)
        row(sampler.read(node, 1.8e9 + 10), port)

    assert (found["service"], found["version"], found["authentication"]) == (
        *("mlflow", "3.4.0", "open"),
    )
    assert found["control"] == "data"
    assert found["asked_timestamp_seconds"] == 1.8e9
    assert 0 < found["asked_seconds"] < 1
    assert len(server.paths) == len(set(server.paths))


def test_a_program_that_is_known_to_be_a_service_bears_its_word_unasked(node):
    node.workloads.workloads.clear()
    node.workloads.add(os.getpid(), service="ray")
    with serving(site({}, page(404))) as server:
        found = row(Listener().read(node, 1.8e9), server.target.port)

    assert (found["service"], found["control"], found["authentication"]) == (
        *("ray", "code", "not_probed"),
    )


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"probe": ("jupiter",)}, r"probe: jupiter is none of all, .*jupyter"),
        ({"probe_ports": (0,)}, "probe_ports"),
        ({"probe_ports": (70000,)}, "probe_ports"),
    ],
)
def test_settings_that_cannot_be_are_refused(settings, said):
    with pytest.raises(ValueError, match=said):
        Listener(**settings)
