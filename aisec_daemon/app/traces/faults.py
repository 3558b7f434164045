"""Faults: what was wrong with a file, kept for whoever replays it."""

from __future__ import annotations

from dataclasses import dataclass, field

KEPT = 1000


class TraceError(ValueError):
    """A file that cannot be read as a trace; the message says why in one sentence."""


@dataclass
class Faults:
    """Lines that were passed over, by number from 1, and the clock's jumps that were mended.

    `bad_lines` holds the first 1,000; `bad_line_count` counts them all.
    """

    bad_lines: list[tuple[int, str]] = field(default_factory=list)
    bad_line_count: int = 0
    jumps: int = 0
    _last: int = 0

    def bad(self, line: int, reason: str) -> None:
        """Note a line that is passed over; a second fault of the same line is not told."""
        if line == self._last:
            return
        self._last = line
        self.bad_line_count += 1
        if len(self.bad_lines) < KEPT:
            self.bad_lines.append((line, reason))
