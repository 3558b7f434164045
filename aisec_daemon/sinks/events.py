"""Events: findings for a SIEM, as OCSF Detection Findings."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, ClassVar

from aisec_daemon.model.exposition import Family
from aisec_daemon.sinks import Place, Sink
from aisec_daemon.sinks.targets.delivered import DELIVERED

if TYPE_CHECKING:
    from aisec_daemon.sinks.targets.courier import Target

_LEAST_BYTES = 2048  # what RFC 5424 wants every receiver to take


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
            from aisec_daemon.sinks.targets.syslog import Address  # noqa: PLC0415 # most have none

            Address.parse(self.syslog)
        if self.file and not self.file.startswith("/"):
            raise ValueError(f"file {self.file!r} must be an absolute path")
        if min(self.syslog_max_bytes, self.file_max_bytes) < _LEAST_BYTES:
            raise ValueError(f"syslog_max_bytes and file_max_bytes must be {_LEAST_BYTES} or more")
        if self.file_keep < 0:
            raise ValueError("file_keep must be 0 or more")

    def open(self, place: Place) -> Sink:
        """Open it; a target that is not there is tried again and again."""
        from aisec_daemon.model.ocsf import Source  # noqa: PLC0415 # most have none
        from aisec_daemon.sinks.targets.every import Events  # noqa: PLC0415
        from aisec_daemon.sinks.targets.journald import Journald  # noqa: PLC0415
        from aisec_daemon.sinks.targets.rotated import Rotated  # noqa: PLC0415
        from aisec_daemon.sinks.targets.syslog import Address, Syslog  # noqa: PLC0415

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
