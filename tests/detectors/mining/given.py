"""Small nodes, written down as a test means them."""

from __future__ import annotations

import numpy as np

from aisec_daemon.app import catalogue
from aisec_daemon.detectors.mining import Mining
from aisec_daemon.model import Snapshot, State, View

NOW = 1_795_392_000.0  # 2026-11-23
SECONDS = 60
GIB = 2.0**30
UUID = "GPU-1"
PROCESS = "100:7"

MINER = {
    "utilization_ratio": 1.0,
    "memory_utilization_ratio": 0.9,
    "power_watts": 250.0,
    "memory_used_bytes": 4.9 * GIB,
    "pcie_transmit_bytes_per_second": 4e5,
    "pcie_receive_bytes_per_second": 4e5,
    "nvlink_transmit_bytes_per_second": 0.0,
    "nvlink_receive_bytes_per_second": 0.0,
    "encoder_utilization_ratio": 0.0,
    "decoder_utilization_ratio": 0.0,
}
HASHING = {
    "sm_active_ratio": 0.99,
    "pipe_integer_ratio": 0.97,
    **dict.fromkeys(
        [f"pipe_{p}_ratio" for p in ("tensor", "tensor_imma", "tensor_dfma", "tensor_hmma")], 0.0
    ),
    **dict.fromkeys([f"pipe_{p}_ratio" for p in ("fp64", "fp32", "fp16")], 0.0),
}
TRAINING = MINER | {
    "memory_utilization_ratio": 0.4,
    "memory_used_bytes": 40 * GIB,
    "pcie_receive_bytes_per_second": 9e8,
}


def snapshot(table, rows, time=NOW):
    """Rows as `{subject: {column or label: value}}`; words that are not given are empty."""
    made = catalogue.tables()[table]
    names = set(made.label_names)
    return Snapshot.from_rows(
        made,
        time,
        {
            subject: (
                {k: v for k, v in row.items() if k not in names},
                dict.fromkeys(names, "") | {k: v for k, v in row.items() if k in names},
            )
            for subject, row in rows.items()
        },
    )


def view(read, rows, time=NOW, latest=None):
    """A view whose past is what each row says, a number for all of it or a series."""
    table = catalogue.tables()[read.table]
    step = 5.0 if read.table in ("program", "socket") else 1.0
    depth = int(min(read.window, SECONDS) / step)
    subjects = tuple(rows)
    past = {}
    for name in read.columns:
        series = [np.broadcast_to(rows[s].get(name, np.nan), (depth,)) for s in subjects]
        shape = (depth, len(subjects))
        past[name] = np.array(series, np.float32).T.reshape(shape)
    known = {*table.column_names, *table.label_names}
    now = {
        s: {
            k: np.ravel(v)[-1] if not isinstance(v, str) else v
            for k, v in row.items()
            if k in known
        }
        for s, row in rows.items()
    }
    now = {s: row | (latest or {}).get(s, {}) for s, row in now.items()}
    times = time - step * np.arange(depth, dtype=np.float64)[::-1]
    return View(time, snapshot(read.table, now, time), times, past)


def node(gpus=None, uses=None, processes=None, programs=None, sockets=None, detector=None):
    """Views for the detector; None for a table that was never read."""
    detector = detector or Mining()
    given = (gpus, uses, processes, programs, sockets)
    return [
        None if rows is None else view(r, rows)
        for r, rows in zip(detector.reads, given, strict=True)
    ]


def gpu(behaviour, uuid=UUID, **more):
    """One GPU that behaves like this."""
    return {uuid: behaviour | {"uuid": uuid, "kind": "gpu", "power_limit_watts": 300.0} | more}


def use(process=PROCESS, uuid=UUID, **words):
    """One process on one GPU."""
    row = {"uuid": uuid, "process": process, "pid": process.split(":")[0], "name": "python3"}
    row |= {"user": "alice", "executable": "/usr/bin/python3", "sm_utilization_ratio": 0.99}
    return {f"{uuid}/{process}": row | words}


def program(process=PROCESS, **words):
    """One program's row."""
    row = {"process": process, "libraries": "cuda", "executable_place": "system"}
    row |= {"executable_age_seconds": 1e7, "read_bytes_per_second": 10.0}
    return {process: row | {"written_bytes_per_second": 10.0} | words}


def process(subject=PROCESS, **words):
    """One process's row."""
    row = {"pid": subject.split(":")[0], "name": "python3", "user": "alice"}
    return {subject: row | {"cpu_seconds_per_second": 0.05} | words}


def connection(process=PROCESS, inode=1, **words):
    """One connection of the shape of a miner's."""
    row = {"process": process, "state": "established", "local_port": "40000"}
    row |= {"peer_address": "203.0.113.9", "peer_port": "443", "peer_scope": "public"}
    row |= {"sent_bytes_per_second": 40.0, "received_bytes_per_second": 150.0}
    row |= {"received_bytes": 9000.0, "first_seen_timestamp_seconds": NOW - 60}
    return {f"{process}/{inode}": row | words}


def judge(state=None, detector=None, **tables):
    """Return the verdict on a node."""
    detector = detector or Mining()
    _, verdict = detector(state or State.empty(detector.memory), *node(detector=detector, **tables))
    return verdict


def facts(verdict, row=0):
    """What the verdict says of one row."""
    return {name: column[row] for name, column in verdict.facts.items()}
