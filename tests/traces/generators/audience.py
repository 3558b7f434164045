"""The rest of a node: what runs on it beside the scenes."""

from __future__ import annotations

from tests.traces.generators import flows
from tests.traces.generators.actor import Actor, Program
from tests.traces.generators.node import Node

_SERVICES = (
    "systemd",
    "systemd-journal",
    "systemd-udevd",
    "sshd",
    "cron",
    "dbus-daemon",
    "rsyslogd",
)
_SERVICES += ("chronyd", "node_exporter", "containerd", "snapd", "polkitd", "agetty", "multipathd")
_KERNEL = ("kthreadd", "kworker/0:1", "kworker/u64:2", "ksoftirqd/0", "rcu_sched", "migration/0")
_OF_SCHEDULER = {
    "slurm": ("slurmd", "munged", "slurmstepd"),
    "kubernetes": ("kubelet", "containerd-shim", "kube-proxy", "pause", "coredns"),
    "none": (),
}


def seat(node: Node) -> None:
    """Add services, kernel threads, the driver's own helpers and a few logins."""
    for name in _KERNEL:
        _sit(node, {"name": name, "user": "root", "uid": "0", "parent": "2"})
    for name in (*_SERVICES, *_OF_SCHEDULER[node.scheduler]):
        words = {"name": name, "executable": f"/usr/bin/{name}", "unit": f"{name}.service"}
        _sit(node, {**words, "user": "root", "uid": "0", "command": f"/usr/bin/{name}"})
    _driver(node)


def _sit(node: Node, words: dict[str, str], program: Program | None = None, **more: object) -> None:
    cores = float(node.rng.exponential(0.004))
    begin = -float(node.rng.uniform(1e3, 9e5))
    start = node.ticks(begin)
    node.actors.append(Actor(node.pid(), start, begin, 1e9, words, program, cores=cores, **more))


def _driver(node: Node) -> None:
    """Add what holds the driver's files open on every node, and does no work there."""
    quiet = Program(libraries="")
    words = {
        "user": "root",
        "uid": "0",
        "name": "nvidia-persiste",
        "command": "nvidia-persistenced",
    }
    _sit(node, {**words, "executable": "/usr/bin/nvidia-persistenced"}, quiet)
    if node.rng.random() < 0.5:
        words = {"user": "root", "uid": "0", "name": "nv-hostengine", "command": "nv-hostengine -n"}
        waits = (flows.listener(0, 1e9, 5555, "127.0.0.1"),)
        more = {"flows": waits, "write_rate": 2e3, "threads": 12.0}
        _sit(node, {**words, "executable": "/usr/bin/nv-hostengine"}, quiet, **more)
