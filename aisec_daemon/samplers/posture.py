"""Table `posture`: with which rights AI workloads really run."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, ClassVar

from aisec_daemon.host.host import Host
from aisec_daemon.host.posture.namespaces import NAMES as NAMESPACES
from aisec_daemon.model import Column, Label, Snapshot, Table
from aisec_daemon.model.snapshot import Word

if TYPE_CHECKING:
    from aisec_daemon.host.posture.grouping import Posture as Reading
    from aisec_daemon.host.posture.node import NodeFacts

NODE = "node"
"""Subject of the node's own row."""

Row = tuple[dict[str, float], dict[str, Word]]

_WHO = (
    Label("kind", "container, service (of systemd), process (any other), or node"),
    Label("asset", "the AI workload, as table asset names it: the oldest one in a container"),
    Label("process", "the process whose rights these are: the one that may do most"),
    Label("name", "its name"),
    Label("executable", "file it runs"),
    Label("command_hash", "keyed hash of the command line of the oldest; alike after a restart"),
    Label("user", "effective user, by the host's /etc/passwd, else the number"),
    Label("container", "id of the container"),
    Label("image", "image of the container, empty outside one"),
    Label("pod", "uid of the Kubernetes pod"),
    Label("unit", "systemd service or scope, else slice"),
)
_RIGHTS = (
    Label("root", "host if it is root, namespace if only in a user namespace of its own, or empty"),
    Label("no_new_privileges", "yes if no program can give it more rights, else no"),
    Label("capabilities", "effective and permitted ones, by spaces; all if it has all there are"),
    Label("bounding_capabilities", "those that it, or a program it starts, could ever get"),
    Label("seccomp", "filter, strict or off"),
    Label("security_label", "profile of AppArmor or context of SELinux; empty without either"),
    Label("read_only_root", "yes if its root file system cannot be written, else no"),
    Label("memory_limited", "yes if a control group of its own limits it, else no"),
    Label("cpu_limited", "likewise, its processor time"),
    Label("pids_limited", "likewise, the number of its processes"),
    *(
        Label(f"{name}_namespace", f"host if it shares the host's {name} namespace, else own")
        for name in NAMESPACES
    ),
    Label("runtime_sockets", "container runtimes whose sockets it can reach, by spaces"),
    Label("host_paths", "sensitive folders of the host that it has mounted, by spaces"),
    Label("devices", "kinds of sensitive device nodes that it sees, by spaces"),
)
_OF_NODE = (
    Label("toolkit_version", "the node's NVIDIA Container Toolkit; empty if there is none"),
    Label("mps_pipe", "others if any user may write MPS's control pipe, else private; empty: none"),
)


@dataclass(frozen=True)
class Posture:
    """A row per container of an AI workload, per workload outside of one, and for the node.

    Rights are those the kernel grants at this moment, whatever was declared.
    """

    table: ClassVar[Table] = Table(
        "posture",
        "Rights with which AI workloads run, by /proc.",
        columns=(
            Column("workload_processes", "AI processes in it"),
            Column("memory_limit_bytes", "tightest limit of its own groups; absent without one"),
            Column("cpu_limit_ratio", "processor time per time that it may use; absent likewise"),
            Column("pids_limit_processes", "processes that it may have; absent likewise"),
            Column("visible_gpus", "GPUs whose device nodes it sees"),
            Column("used_gpus", "GPUs that list one of its processes"),
            Column("node_gpus", "GPUs of the node, the same in each row"),
            Column("persistence_mode_ratio", "share of the node's GPUs with persistence mode on"),
            Column("accounting_mode_ratio", "share of the node's GPUs with accounting mode on"),
        ),
        labels=(*_WHO, *_RIGHTS, *_OF_NODE),
        series=("kind", "asset", "container"),
        aggregate=("kind", "root", "no_new_privileges", "seccomp"),
        kept=True,
    )

    period: Annotated[float, "seconds between looks for new workloads"] = 15.0

    def read(self, host: Host, time: float) -> Snapshot:
        """Read all; UnreadableError if nobody tells which processes do AI work."""
        reading = host.postures.read()
        rows: dict[str, Row] = {NODE: _node(reading.node)}
        for each in reading.postures:
            numbers, words = _row(each, reading.node)
            words["image"] = host.images.of(each.weakest)
            rows[_subject(each)] = numbers, words
        return Snapshot.from_rows(self.table, time, rows)


def _subject(posture: Reading) -> str:
    container = posture.first.container
    return f"container/{container}" if container else posture.asset


def _node(node: NodeFacts) -> Row:
    words: dict[str, Word] = dict.fromkeys(label.name for label in _WHO)
    words |= {"kind": NODE, "asset": NODE}
    words |= {"toolkit_version": node.toolkit, "mps_pipe": node.mps_pipe}
    return {
        "node_gpus": node.gpus,
        "persistence_mode_ratio": node.persistence_ratio,
        "accounting_mode_ratio": node.accounting_ratio,
    }, words


def _row(posture: Reading, node: NodeFacts) -> Row:
    facts, limits, who = posture.facts, posture.facts.limits, posture.weakest
    numbers = {
        "workload_processes": float(posture.processes),
        "memory_limit_bytes": _limit(limits.memory_bytes),
        "cpu_limit_ratio": _limit(limits.cpu),
        "pids_limit_processes": _limit(limits.processes),
        "visible_gpus": facts.visible_gpus,
        "used_gpus": posture.used_gpus,
        "node_gpus": node.gpus,
    }
    words: dict[str, Word] = {
        "kind": posture.kind,
        "asset": posture.asset,
        "process": who.subject,
        "name": who.name,
        "executable": who.executable,
        "command_hash": posture.first.command_hash,
        "user": who.user,
        "container": who.container,
        "pod": who.pod,
        "unit": who.unit,
        "root": facts.root,
        "no_new_privileges": _yes(facts.no_new_privileges),
        "capabilities": facts.capabilities,
        "bounding_capabilities": facts.bounding_capabilities,
        "seccomp": facts.seccomp,
        "security_label": facts.security_label,
        "read_only_root": _yes(facts.read_only_root),
        "memory_limited": _limited(limits.memory_bytes),
        "cpu_limited": _limited(limits.cpu),
        "pids_limited": _limited(limits.processes),
        **{f"{name}_namespace": facts.namespaces[name] for name in NAMESPACES},
        "runtime_sockets": facts.runtime_sockets,
        "host_paths": facts.host_paths,
        "devices": facts.devices,
    }
    return numbers, words


def _limit(number: float) -> float:
    return number if math.isfinite(number) else math.nan


def _limited(number: float) -> Word:
    return None if math.isnan(number) else _yes(math.isfinite(number))


def _yes(truth: bool | None) -> Word:
    return None if truth is None else "yes" if truth else "no"
