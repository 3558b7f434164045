"""Table `process`."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

from aisec_daemon.host.errors import UnreadableError
from aisec_daemon.host.proc.processes import Processes
from aisec_daemon.host.tally import Tally
from aisec_daemon.samplers.process import Process
from tests.host.proc.tree import Tree

HOSTS = Path(__file__).parents[1] / "hosts"


def host(root: Path) -> SimpleNamespace:
    return SimpleNamespace(
        root=root, processes=Processes(root, Tally(), b"a key of sixteen", connector=False)
    )


def test_a_row_joins_words_and_numbers() -> None:
    """By pid and start."""
    node = host(HOSTS / "training")

    snapshot = Process().read(node, 5.0)

    node.processes.close()
    row = snapshot.subjects.index("3102:60200")
    words = {name: column[row] for name, column in snapshot.labels.items()}
    assert (words["pid"], words["parent"], words["uid"], words["user"]) == (
        *("3102", "3044", "1000", "alice"),
    )
    assert (words["name"], words["executable"], words["executable_state"], words["qos"]) == (
        *("python3", "/usr/bin/python3.11", "", "burstable"),
    )
    assert snapshot["threads"][row] == 97
    assert snapshot["start_timestamp_seconds"][row] == 1732405678 + 602
    assert snapshot.time == 5.0


def test_what_was_not_read_is_no_word(tmp_path: Path) -> None:
    """A number that is unknown has no text."""
    (tmp_path / "proc/7").mkdir(parents=True)
    line = (HOSTS / "idle/proc/1/stat").read_text().replace("1 (", "7 (", 1)
    (tmp_path / "proc/7/stat").write_text(line)
    node = host(tmp_path)

    snapshot = Process().read(node, 5.0)

    node.processes.close()
    unread = [name for name, column in snapshot.labels.items() if column[0] is None]
    assert {"uid", "user", "command", "executable", "container"} < set(unread)
    assert {"pid", "name", "parent"}.isdisjoint(unread)


def test_no_proc_is_no_snapshot(tmp_path: Path) -> None:
    """A sampler that cannot read says so."""
    node = host(tmp_path)
    with pytest.raises(UnreadableError):
        Process().read(node, 5.0)


def test_words_stay_the_very_same_while_the_processes_do(tmp_path: Path) -> None:
    """Making them anew for thousands of processes costs as much as a third of reading them."""
    tree = Tree(tmp_path)
    tree.add(7, "old", ticks=1)
    tree.add(8, "other")
    node = host(tmp_path)
    first = Process().read(node, 1.0)
    tree.stat(7, "old", ticks=900)
    second = Process().read(node, 3.0)
    tree.stat(7, "old", ticks=900, parent=5)
    third = Process().read(node, 5.0)
    tree.add(9, "new")
    fourth = Process().read(node, 7.0)
    node.processes.close()
    row = first.labels["pid"].index("7")

    assert second.labels is first.labels
    assert (first.time, second.time) == (1.0, 3.0)
    assert first["cpu_seconds"][row] != second["cpu_seconds"][row] == third["cpu_seconds"][row]
    assert (second.labels["parent"][row], third.labels["parent"][row]) == ("1", "5")
    assert set(fourth.labels["name"]) == {"old", "other", "new"}
    assert fourth["start_timestamp_seconds"].shape == (3,)
