"""A node of AI workloads."""

from __future__ import annotations

import pytest

from tests.host.workload.node import Node


@pytest.fixture
def node(tmp_path):
    made = Node(tmp_path)
    yield made
    made.processes.close()
