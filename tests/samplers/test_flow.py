"""Table `flow`."""

from __future__ import annotations

import numpy as np
import pytest

from aisec_daemon.samplers.asset import Asset
from aisec_daemon.samplers.flow import Flow
from tests.host.workload.node import Node, loaded
from tests.samplers.test_asset import rows


@pytest.fixture
def node(tmp_path):
    made = Node(tmp_path)
    yield made
    made.processes.close()


def test_a_row_for_each_file_and_service_of_each_asset(node):
    folder = node.add(7, loaded("/x/libtorch.so"), ("python", "--url=https://api.openai.com/v1"))
    (folder / "fd/3").symlink_to("/data/train.csv")
    (folder / "fdinfo/3").write_text("flags:\t0100000\n")
    (folder / "mountinfo").write_text("1 0 0:7 / / rw - nfs4 nas:/x rw\n")
    node.processes.scan()
    (asset,) = rows(Asset().read(node.host, 1.0)).values()
    told = {row["target"]: row for row in rows(Flow().read(node.host, 5.0)).values()}
    file, service = told["/data/train.csv"], told["api.openai.com"]

    assert all(row["asset"] == asset["asset"] for row in told.values())
    assert all(row["identity"] == asset["identity"] for row in told.values())
    assert [file[name] for name in ("kind", "format", "direction", "storage", "mount")] == [
        *("dataset", "csv", "read", "network", "nas:/x"),
    ]
    assert (file["open_files"], file["first_seen_timestamp_seconds"]) == (1.0, 5.0)
    assert np.isnan(file["open_connections"])
    assert [service[name] for name in ("kind", "direction", "name", "scope", "evidence")] == [
        *("service", "out", "OpenAI API", "", "argument"),
    ]
    assert np.isnan(service["open_files"])


def test_no_workload_has_no_flows(node):
    node.add(7)

    assert Flow().read(node.host, 1.0).subjects == ()
