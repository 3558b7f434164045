"""What an operator is told of what the monitor costs."""

from __future__ import annotations

import numpy as np
import pytest

from aisec_daemon.app import catalogue
from aisec_daemon.detectors.blind import Blind
from aisec_daemon.detectors.over_budget import OverBudget
from aisec_daemon.model import Severity, Snapshot
from aisec_daemon.pipeline.pipeline import Pipeline
from aisec_daemon.pipeline.upkeep import Upkeep

MIB = 1024 * 1024
BEGIN = 1_800_000_000.0
PERIODS = {"cost": 5.0, "upkeep": 5.0}


class Node:
    """A pipeline that is told of costs every five seconds."""

    def __init__(self):
        self.pipeline = Pipeline(catalogue.tables(), [OverBudget()], PERIODS)
        self.time = BEGIN
        self.spent = {"own_cpu_seconds": 100.0, "child_cpu_seconds": 10.0}
        self.parts = {}

    def run(self, seconds, own=0.03, child=0.005, parts=None, **row):
        for _ in range(int(seconds / 5)):
            self.time += 5
            self.spent["own_cpu_seconds"] += 5 * own
            self.spent["child_cpu_seconds"] += 5 * child
            for part, cores in (parts or {}).items():
                self.parts[part] = self.parts.get(part, 0.0) + 5 * cores
            upkeep = {
                part: ({"cpu_seconds": cpu}, {"part": part}) for part, cpu in self.parts.items()
            }
            self.pipeline.step(self.snapshot("upkeep", upkeep))
            self.pipeline.step(self.snapshot("cost", {"daemon": self.row(**row)}))
        return {finding.key: finding for finding in self.pipeline.casebook.open}

    def snapshot(self, table, rows):
        return Snapshot.from_rows(catalogue.tables()[table], self.time, rows)

    def row(self, shed="", why="", **numbers):
        usual = {"own_memory_bytes": 70 * MIB, "child_memory_bytes": 12 * MIB}
        usual |= {"cpu_budget_ratio": 0.1, "memory_budget_bytes": 256 * MIB}
        usual |= {"behind_seconds": 0.1, "shed_steps": 0.0, "most_shed_steps": 8.0}
        return {**usual, **self.spent, **numbers}, {"shed": shed, "why": why}


def test_a_daemon_within_its_budget_is_quiet():
    assert Node().run(900) == {}


def test_what_the_start_costs_is_no_load():
    node = Node()
    node.run(15, own=1.0)

    assert node.run(900) == {}


def test_cpu_past_the_budget_is_told_with_the_parts_that_use_most():
    parts = {"sampler/process": 0.09, "pipeline/step": 0.02, "detector/mining": 0.015}
    told = Node().run(300, own=0.12, parts=parts)

    assert list(told) == ["daemon/cpu"]
    assert told["daemon/cpu"].severity is Severity.WARNING
    assert told["daemon/cpu"].reason == (
        "the daemon uses 12.5 % of a core, its budget is 10.0 %; most of it: "
        "sampler/process 9.0 %, detector/mining 1.5 %, other threads of the daemon 1.0 %"
    )


def test_a_child_that_uses_most_is_named():
    told = Node().run(300, own=0.02, child=0.2, parts={"sampler/gpu": 0.01})

    assert "most of it: child processes 20.0 %" in told["daemon/cpu"].reason


def test_it_closes_when_the_load_is_over():
    node = Node()
    opened = node.run(300, own=0.15)
    closed = node.run(600)

    assert list(opened) == ["daemon/cpu"]
    assert closed == {}


def test_memory_past_the_budget_is_told():
    told = Node().run(10, own_memory_bytes=250 * MIB)

    assert list(told) == ["daemon/memory"]
    assert told["daemon/memory"].reason == (
        "the daemon holds 262 MiB of memory, its budget is 256 MiB; 12 MiB of it are its children's"
    )


def test_what_is_shed_is_told_with_why():
    shed = {"shed_steps": 3.0, "shed": "sensor x4 process_view x2", "why": "turns begin 2.0 s late"}
    told = Node().run(10, **shed)

    assert list(told) == ["daemon/pace"]
    assert told["daemon/pace"].severity is Severity.WARNING
    assert told["daemon/pace"].reason.startswith(
        "read more rarely: sensor x4 process_view x2, since turns begin 2.0 s late; most CPU: "
    )
    assert dict(told["daemon/pace"].facts)["shed"] == "sensor x4 process_view x2"


def test_shedding_all_that_does_not_help_is_high():
    told = Node().run(10, shed_steps=8.0, shed="process x4", behind_seconds=42.0)

    assert told["daemon/pace"].severity is Severity.HIGH
    assert "that does not help, the pipeline is 42 s behind" in told["daemon/pace"].reason


def test_what_could_not_be_read_closes_nothing():
    node = Node()
    opened = node.run(10, own_memory_bytes=400 * MIB)
    unread = node.run(300, own_memory_bytes=np.nan)

    assert list(opened) == list(unread) == ["daemon/memory"]


def test_a_sampler_that_is_shed_is_not_blind_before_five_of_its_stretched_turns():
    upkeep = Upkeep()
    upkeep.expect("sampler/process_view", 40.0, BEGIN)
    upkeep.ran("sampler/process_view", BEGIN, 0.1)
    pipeline = Pipeline(catalogue.tables(), [Blind()], PERIODS)

    assert pipeline.step(upkeep.snapshot(BEGIN + 190)).findings == ()
    assert pipeline.step(upkeep.snapshot(BEGIN + 210)).findings != ()


def test_a_window_of_less_than_a_minute_is_refused():
    with pytest.raises(ValueError, match="window"):
        OverBudget(window=10)
