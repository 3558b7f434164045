"""Table `listener`: where AI workloads can be reached, and whether they ask who does."""

from __future__ import annotations

from dataclasses import dataclass
from operator import attrgetter
from typing import TYPE_CHECKING, Annotated, ClassVar

import numpy as np

from aisec_daemon.host.host import Host
from aisec_daemon.model import Column, Kind, Label, Snapshot, Table
from aisec_daemon.model.snapshot import Word

if TYPE_CHECKING:
    from aisec_daemon.host.network.listener import Listener as Reading
    from aisec_daemon.host.probe.measuring import Permission
    from aisec_daemon.host.probe.probes import Probed

_ALL = "all"
_IDENTITY = (
    Label("user", "effective user of the process"),
    Label("container", "id of its container, empty outside one"),
    Label("pod", "UID of its Kubernetes pod, empty outside one"),
    Label("unit", "its systemd unit"),
    Label("executable", "the file that it runs"),
    Label("command_hash", "keyed hash of its whole command line"),
)


@dataclass(frozen=True)
class Listener:
    """A row per TCP socket on which a process of an AI workload listens.

    Services are asked nothing unless `probe` names their classes, or "all".
    """

    table: ClassVar[Table] = Table(
        "listener",
        "Listening TCP sockets of AI workloads.",
        columns=(
            Column("first_seen_timestamp_seconds", "when the daemon first saw it", Kind.TIMESTAMP),
            Column("asked_timestamp_seconds", "when its service was asked last", Kind.TIMESTAMP),
            Column("asked_seconds", "how long that took"),
        ),
        labels=(
            Label("process", "the process, as table process names it"),
            Label("asset", "the workload, as table asset names it"),
            Label("identity", "the workload's name that outlives a restart"),
            Label("address", "the address that it is bound to"),
            Label("port", "its port"),
            Label("scope", "who can reach it: loopback, container_only, private or public"),
            Label("service", "the service that answered or that the program is, else empty"),
            Label("version", "the version that its service told"),
            Label("authentication", "open, protected, unknown or not_probed"),
            Label("on_gpu", "yes if its process, or one that it works with, is on a GPU, else no"),
            Label("namespace", "own if it is in the daemon's network namespace, else other"),
            Label("control", "what the service hands out: code, data or prompts, else empty"),
            *_IDENTITY,
            Label("image", "image of its container, empty outside one"),
            Label("executable_hash", "SHA-256 of the executable's file, once it is known"),
        ),
        series=("process", "address", "port"),
        aggregate=("scope", "service", "authentication", "on_gpu"),
        kept=True,
    )

    period: Annotated[float, "seconds between readings"] = 10.0
    probe: Annotated[
        tuple[str, ...], 'classes of services that may be asked (docs/rules/exposure.md), or "all"'
    ] = ()
    probe_ports: Annotated[
        tuple[int, ...], "further ports on which any of them may be asked for"
    ] = ()
    probe_namespaces: Annotated[
        bool, "ask in other network namespaces, too (needs CAP_SYS_ADMIN)"
    ] = False

    def __post_init__(self) -> None:
        if self.probe:
            _refuse_unknown(self.probe)
        if not all(0 < port < 65536 for port in self.probe_ports):  # noqa: PLR2004 - of 16 bits
            raise ValueError("probe_ports must be 1 to 65535")

    def read(self, host: Host, time: float) -> Snapshot:
        """Read all listeners; UnreadableError if it cannot be told whose they are."""
        identities = {each.subject: each.group.identity for each in host.workloads.assets()}
        listeners = host.listeners.read(time)
        probed = host.probes.read(listeners, self._permission(), time)
        values = np.array(
            [
                (each.first_seen, answer.asked_at, answer.seconds)
                for each, answer in zip(listeners, probed, strict=True)
            ],
            np.float64,
        )
        rows = [
            {
                **_words(*pair),
                "identity": identities.get(pair[0].workload.asset),
                "executable_hash": host.digest(pair[0].workload.identity.subject),
                "image": host.images.of(pair[0].workload.identity),
            }
            for pair in zip(listeners, probed, strict=True)
        ]
        labels = {name: tuple(row[name] for row in rows) for name in self.table.label_names}
        subjects = tuple(each.subject for each in listeners)
        return Snapshot(self.table, time, subjects, values.reshape(len(rows), 3), labels)

    def _permission(self) -> Permission:
        from aisec_daemon.host.probe.measuring import Permission  # noqa: PLC0415 # see Host
        from aisec_daemon.host.probe.services import services  # noqa: PLC0415

        classes = services() if _ALL in self.probe else self.probe
        return Permission(frozenset(classes), frozenset(self.probe_ports), self.probe_namespaces)


def _refuse_unknown(classes: tuple[str, ...]) -> None:
    """Raise ValueError for classes of services that there are not."""
    from aisec_daemon.host.probe.services import services  # noqa: PLC0415 # see Host

    known = {*services(), _ALL}
    unknown = sorted(set(classes) - known)
    if unknown:
        raise ValueError(f"probe: {', '.join(unknown)} is none of {', '.join(sorted(known))}")


def _words(listener: Reading, probed: Probed) -> dict[str, Word]:
    from aisec_daemon.host.probe.services import services  # noqa: PLC0415 # see Host

    workload = listener.workload
    identity = workload.identity
    service = probed.service or workload.service
    known = services().get(service)
    return {
        "process": identity.subject,
        "asset": workload.asset,
        "address": str(listener.socket.local),
        "port": str(listener.socket.local_port),
        "scope": listener.scope,
        "service": service,
        "version": probed.version,
        "authentication": probed.authentication,
        "on_gpu": "yes" if listener.near_gpu else "no",
        "namespace": "own" if listener.own else "other",
        "control": known.control if known else "",
        **{label.name: attrgetter(label.name)(identity) for label in _IDENTITY},
    }
