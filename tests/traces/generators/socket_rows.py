"""Rows of tables `program` and `socket`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from aisec_daemon.model import Snapshot, Table
from tests.traces.generators.actor import Actor, counted
from tests.traces.generators.flows import Flow
from tests.traces.generators.process_rows import put, stretches

if TYPE_CHECKING:
    from tests.traces.generators.node import Node

_PERIOD = 5
_LATE = {"program": 0.005, "socket": 0.006}
_WORDS = ("libraries", "executable_writable", "disguise", "preload")


def programs(node: Node, table: Table) -> Iterator[Snapshot]:
    """Yield a snapshot every five seconds."""
    actors = [actor for actor in node.actors if actor.program and actor.seen == "all"]
    read = {a.pid: counted(a.read_rate, node.seconds) for a in actors}
    written = {a.pid: counted(a.write_rate, node.seconds) for a in actors}
    edges = {edge for actor in actors for edge in (actor.begin, actor.end)}
    for seconds in stretches(node, edges, _PERIOD):
        there = [actor for actor in actors if actor.begin <= seconds[0] < actor.end]
        cube = np.zeros((len(seconds), len(there), len(table.columns)))
        for row, actor in enumerate(there):
            cube[:, row, table.index("read_bytes")] = 5e7 + read[actor.pid][seconds]
            cube[:, row, table.index("written_bytes")] = 1e4 + written[actor.pid][seconds]
        put(
            table, cube, there, "executable_age_seconds", lambda a: a.program.executable_age_seconds
        )
        cube[:, :, table.index("executable_age_seconds")] += np.array(seconds)[:, None]
        subjects = tuple(actor.subject for actor in there)
        labels = {name: tuple(getattr(a.program, name) for a in there) for name in _WORDS}
        labels["process"] = subjects
        labels["executable_place"] = tuple(actor.place for actor in there)
        for at, second in enumerate(seconds):
            time = node.begin + second + _LATE["program"]
            yield Snapshot(table, time, subjects, cube[at], labels)


def sockets(node: Node, table: Table) -> Iterator[Snapshot]:
    """Yield a snapshot every five seconds."""
    flows = [
        (actor, flow, f"{actor.subject}/{actor.pid * 100 + i}")
        for actor in node.actors
        if actor.program and actor.seen == "all"
        for i, flow in enumerate(actor.flows)
    ]
    edges = {edge for _, flow, _ in flows for edge in (flow.begin, flow.end)}
    for seconds in stretches(node, edges, _PERIOD):
        there = [x for x in flows if x[1].begin <= seconds[0] < x[1].end]
        labels = _labels(there)
        subjects = tuple(subject for _, _, subject in there)
        first = {s: (max(f.begin, 0) // _PERIOD) * _PERIOD for _, f, s in there}
        for second in seconds:
            values = np.full((len(there), len(table.columns)), np.nan)
            for row, (actor, flow, subject) in enumerate(there):
                numbers = _numbers(flow, second) if actor.grain == "tcp_info" else {}
                numbers["first_seen_timestamp_seconds"] = node.begin + first[subject]
                for name, number in numbers.items():
                    values[row, table.positions[name]] = number
            yield Snapshot(table, node.begin + second + _LATE["socket"], subjects, values, labels)


def _numbers(flow: Flow, second: int) -> dict[str, float]:
    sent, sent_age = flow.sent.upto(second)
    received, received_age = flow.received.upto(second)
    return {
        "sent_bytes": sent,
        "received_bytes": received,
        "sent_age_seconds": sent_age,
        "received_age_seconds": received_age,
    }


def _labels(there: list[tuple[Actor, Flow, str]]) -> dict[str, tuple[str, ...]]:
    return {
        "process": tuple(actor.subject for actor, _, _ in there),
        "protocol": ("tcp",) * len(there),
        "state": tuple(flow.state for _, flow, _ in there),
        "local_address": tuple(flow.local[0] for _, flow, _ in there),
        "local_port": tuple(str(flow.local[1]) for _, flow, _ in there),
        "peer_address": tuple(flow.peer[0] for _, flow, _ in there),
        "peer_port": tuple(str(flow.peer[1]) for _, flow, _ in there),
        "peer_scope": tuple(flow.scope for _, flow, _ in there),
        "grain": tuple(actor.grain for actor, _, _ in there),
    }
