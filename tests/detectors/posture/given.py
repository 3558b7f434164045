"""Rows of table `posture` as a test wants them."""

from __future__ import annotations

import numpy as np

from aisec_daemon.app import catalogue
from aisec_daemon.detectors.posture import Posture
from aisec_daemon.model import Snapshot, State, View

TABLE = catalogue.tables()["posture"]
NOTHING = State((), np.empty((0, 0)))
ID = "c" * 64
DOCKER = (
    "chown dac_override fowner fsetid kill setgid setuid setpcap net_bind_service net_raw "
    "sys_chroot mknod audit_write setfcap"
)
WHO = {
    "kind": "container",
    "asset": "train",
    "process": "7:70",
    "name": "python3",
    "executable": "/usr/bin/python3",
    "command_hash": "0123456789abcdef",
    "user": "root",
    "container": ID,
    "pod": "",
    "unit": "",
}
HARDENED = WHO | {
    "root": "",
    "no_new_privileges": "yes",
    "capabilities": "",
    "bounding_capabilities": "",
    "seccomp": "filter",
    "security_label": "docker-default (enforce)",
    "read_only_root": "yes",
    "memory_limited": "yes",
    "cpu_limited": "yes",
    "pids_limited": "yes",
    **{f"{n}_namespace": "own" for n in ("net", "pid", "ipc", "uts", "user", "cgroup", "mnt")},
    "runtime_sockets": "",
    "host_paths": "",
    "devices": "",
}
"""A container that passes everything."""

PLAIN = HARDENED | {
    "root": "host",
    "no_new_privileges": "no",
    "capabilities": DOCKER,
    "bounding_capabilities": DOCKER,
    "read_only_root": "no",
    "memory_limited": "no",
    "cpu_limited": "no",
    "pids_limited": "no",
    "user_namespace": "host",
}
"""As `docker run --gpus '"device=0"' pytorch` starts it."""

PRIVILEGED = PLAIN | {
    "capabilities": "all",
    "bounding_capabilities": "all",
    "seccomp": "off",
    "security_label": "unconfined",
    "devices": "block fuse kmsg mem",
}
NODE = {"kind": "node", "asset": "node", "toolkit_version": "1.19.1", "mps_pipe": ""}
GPUS = {"visible_gpus": 1.0, "used_gpus": 1.0, "node_gpus": 8.0}
MODES = {"node_gpus": 8.0, "persistence_mode_ratio": 1.0, "accounting_mode_ratio": 1.0}


def snapshot(**rows):
    """Build a snapshot of rows: words alone, or numbers and words."""
    given = {
        name: row if isinstance(row, tuple) else (MODES if row["kind"] == "node" else GPUS, row)
        for name, row in rows.items()
    }
    return Snapshot.from_rows(TABLE, 1000.0, given)


def judge(detector: Posture | None = None, **rows):
    """Judge rows by a policy, the default one if none is given."""
    view = View(1000.0, snapshot(**rows), np.empty(0), {})
    _, verdict = (detector or Posture())(NOTHING, view)
    return verdict
