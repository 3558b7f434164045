"""When the machine was started."""

from __future__ import annotations

from pathlib import Path
from time import monotonic

from aisec_daemon.host.proc.stat import parse_boot_time
from aisec_daemon.host.tally import Call, Tally

_AGAIN_SECONDS = 60.0  # reading /proc/stat costs a millisecond where there are many processors
_JITTER_SECONDS = 1.0  # the kernel derives it from two clocks anew at each reading


class BootTime:
    """The boot's time in seconds since 1970; it moves when the wall clock is set."""

    def __init__(self, root: Path, tally: Tally) -> None:
        self._path = root / "proc" / "stat"
        self._tally = tally
        self._seconds = float("nan")
        self._due = 0.0

    def seconds(self) -> float:
        """Return it, NaN if it cannot be read."""
        now = monotonic()
        if now >= self._due:
            try:
                seconds = float(parse_boot_time(self._path.read_bytes()))
            except (OSError, ValueError) as error:
                self._tally.add(Call("proc", "btime", type(error).__name__))
            else:
                if not abs(seconds - self._seconds) <= _JITTER_SECONDS:
                    self._seconds = seconds
                self._due = now + _AGAIN_SECONDS
        return self._seconds
