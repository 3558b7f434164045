"""Events: findings for a SIEM, as OCSF Detection Findings."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Annotated, ClassVar

from aisec_daemon.model import Tick
from aisec_daemon.model.exposition import Board, Family
from aisec_daemon.model.ocsf import Source
from aisec_daemon.sinks import Place
from aisec_daemon.sinks.targets.courier import Courier, Target
from aisec_daemon.sinks.targets.journald import Journald
from aisec_daemon.sinks.targets.rotated import Rotated
from aisec_daemon.sinks.targets.syslog import Address, Syslog

_CLOSE_SECONDS = 1.5
_LEAST_BYTES = 2048  # what RFC 5424 wants every receiver to take
DELIVERED = Family(
    "aisec_events_delivered_total",
    "counter",
    "Events that a target took since the settings were last read.",
    ("target",),
)


@dataclass(frozen=True)
class EventsOutlet:
    """Findings as OCSF events: into systemd's journal, to syslog, into a file."""

    on: ClassVar[bool] = False
    replays: ClassVar[bool] = False
    families: ClassVar[tuple[Family, ...]] = (DELIVERED,)

    journald: Annotated[bool, "one structured entry a change in systemd's journal"] = True
    syslog: Annotated[str, "RFC 5424 to /dev/log, udp://host:514 or tcp://host:601"] = ""
    syslog_max_bytes: Annotated[int, "size of a message; evidence that is too much goes"] = 8192
    file: Annotated[str, "file of JSON lines, absolute; the daemon must be able to write there"] = (
        ""
    )
    file_max_bytes: Annotated[int, "size at which the file is rotated"] = 10485760
    file_keep: Annotated[int, "rotated files that are kept"] = 5

    def __post_init__(self) -> None:
        if self.syslog:
            Address.parse(self.syslog)
        if self.file and not self.file.startswith("/"):
            raise ValueError(f"file {self.file!r} must be an absolute path")
        if min(self.syslog_max_bytes, self.file_max_bytes) < _LEAST_BYTES:
            raise ValueError(f"syslog_max_bytes and file_max_bytes must be {_LEAST_BYTES} or more")
        if self.file_keep < 0:
            raise ValueError("file_keep must be 0 or more")

    def open(self, place: Place) -> Events:
        """Open it; a target that is not there is tried again and again."""
        source = Source(place.node, place.version)
        targets: dict[str, Target] = {}
        if self.journald:
            targets["journald"] = Journald(source)
        if self.syslog:
            address = Address.parse(self.syslog)
            targets["syslog"] = Syslog(address, source, self.syslog_max_bytes)
        if self.file:
            targets["file"] = Rotated(Path(self.file), source, self.file_max_bytes, self.file_keep)
        if not targets:
            raise OSError("no target: set journald, syslog or file")
        return Events(place, targets)


class Events:
    """A courier for each target."""

    def __init__(self, place: Place, targets: dict[str, Target]) -> None:
        self._board: Board = place.board
        self._couriers = {
            name: Courier(f"events/{name}", place.outbox, target)
            for name, target in targets.items()
        }

    def __call__(self, tick: Tick) -> None:
        """Let couriers look; OSError if one of them cannot deliver."""
        errors = []
        for name, courier in self._couriers.items():
            if tick.changes:
                courier.wake()
            self._board.show(DELIVERED, float(courier.delivered), name)
            if courier.error:
                errors.append(courier.error)
        if errors:
            raise OSError("; ".join(errors))

    def close(self) -> None:
        """End every courier."""
        end = monotonic() + _CLOSE_SECONDS
        for courier in self._couriers.values():
            courier.stop()
        for courier in self._couriers.values():
            courier.join(max(end - monotonic(), 0.0))
