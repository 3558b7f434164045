"""Samplers: one file per table.

A sampler is a frozen dataclass in a file named after its table. Its fields are its settings
(section `[samplers.<table>]` of the settings file), each annotated with a word of help; `table`
declares what it yields, `read(host, time)` reads it once:

    @dataclass(frozen=True)
    class Gpu:
        table = Table("gpu", ...)
        period: Annotated[float, "seconds between readings"] = 1.0

        def read(self, host: Host, time: float) -> Snapshot: ...

`read` raises `UnreadableError` when it cannot read at all, and stores NaN (numbers) or None
(words) for what it could not read of a row. It keeps no state, reads no clock and judges nothing:
memory of what was read before belongs to the host's readers, judgement to detectors.
"""

from __future__ import annotations

from typing import ClassVar, Protocol

from aisec_daemon.host.host import Host
from aisec_daemon.model import Snapshot, Table


class Sampler(Protocol):
    """The contract; the package's docstring is its manual."""

    table: ClassVar[Table]

    @property
    def period(self) -> float:
        """Seconds between readings."""

    def read(self, host: Host, time: float) -> Snapshot:
        """Read the table once; UnreadableError if nothing could be read."""
