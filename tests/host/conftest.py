"""Fixtures of the readers of processes and of the programs behind them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from aisec_daemon.host.proc.attributes import Attributes
from aisec_daemon.host.proc.processes import Processes
from aisec_daemon.host.tally import Tally
from tests.host.proc.tree import KEY, Tree


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    return Tree(tmp_path)


@pytest.fixture
def tally() -> Tally:
    return Tally()


@pytest.fixture
def processes(tree: Tree, tally: Tally) -> Iterator[Processes]:
    processes = Processes(tree.root, tally, KEY, connector=False)
    yield processes
    processes.close()


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Pids that were read in full, in order."""
    seen: list[int] = []
    read = Attributes.read

    def counted(self: Attributes, pid: int) -> object:
        seen.append(pid)
        return read(self, pid)

    monkeypatch.setattr(Attributes, "read", counted)
    return seen
