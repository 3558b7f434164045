"""Log: one line for each finding that opens, changes or closes."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import ClassVar

from aisec_daemon.model import Change, Severity, Tick
from aisec_daemon.model.exposition import Family
from aisec_daemon.sinks import Place

_LOG = logging.getLogger("aisec_daemon.findings")
_LEVELS = {
    Severity.INFO: logging.INFO,
    Severity.WARNING: logging.WARNING,
    Severity.HIGH: logging.ERROR,
    Severity.CRITICAL: logging.CRITICAL,
}


@dataclass(frozen=True)
class LogOutlet:
    """A line in the daemon's own log for each finding that opens, changes or closes."""

    on: ClassVar[bool] = True
    replays: ClassVar[bool] = True
    families: ClassVar[tuple[Family, ...]] = ()

    def open(self, place: Place) -> Log:
        """Open it."""
        return Log(f"replayed: {place.mark}" if place.mark else "")


class Log:
    """Writes to the daemon's log, which systemd keeps in the node's journal.

    `mark` stands before every line: a replayed finding must not be taken for a live one.
    """

    def __init__(self, mark: str = "") -> None:
        self._mark = f"[{mark}] " if mark else ""

    def __call__(self, tick: Tick) -> None:
        """Write a line for each change."""
        for change in tick.changes:
            self._write(change)

    def close(self) -> None:
        """Nothing is held."""

    def _write(self, change: Change) -> None:
        finding = change.finding
        told = change.what != "closed" and not finding.allowed
        level = _LEVELS[finding.severity] if told else logging.INFO
        allowed = f" (allowed: {finding.allowed})" if finding.allowed else ""
        _LOG.log(
            level,
            "%sfinding %s %s %s %s: %s%s",
            self._mark,
            finding.id,
            change.what,
            finding.severity.word,
            finding.rule.name,
            finding.reason,
            allowed,
        )
