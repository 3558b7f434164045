"""Trace: a file that is played in the place of a live node."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from aisec_daemon.app.traces.faults import Faults, TraceError
from aisec_daemon.model import Snapshot


@dataclass
class Trace:
    """One file, read as it is played; it may be played again.

    `kind` is "recording", "nvidia-smi csv", "nvidia-smi dmon" or "nvidia-smi pmon"; `periods` are
    each table's typical seconds between snapshots. What is wrong with the file is known once it
    has been played to its end.
    """

    path: Path
    kind: str
    periods: Mapping[str, float]
    _read: Callable[[Faults], Iterator[Snapshot]]
    _faults: Faults = field(default_factory=Faults)

    def snapshots(self) -> Iterator[Snapshot]:
        """Yield the snapshots, the times of each table strictly rising; TraceError if it breaks."""
        self._faults = Faults()
        try:
            yield from self._read(self._faults)
        except OSError as error:
            raise TraceError(f"{self.path} can no longer be read: {error.strerror}") from error

    @property
    def bad_lines(self) -> list[tuple[int, str]]:
        """Number (from 1) and fault of the lines passed over, the first 1,000 of them."""
        return self._faults.bad_lines

    @property
    def bad_line_count(self) -> int:
        """How many lines were passed over."""
        return self._faults.bad_line_count

    @property
    def jumps(self) -> int:
        """How many times did not rise and were mended."""
        return self._faults.jumps
