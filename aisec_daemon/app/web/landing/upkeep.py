"""The monitor on its own page: which of its parts do their work."""

from __future__ import annotations

from aisec_daemon.app.web.landing.words import safe, span
from aisec_daemon.model import Snapshot

_PARTS = 40
_PERIODS = 5.0
_LEAST_SECONDS = 15.0


def upkeep_section(upkeep: Snapshot | None) -> str:
    """Return a chip for each part: green while it works, with its silence and error if not."""
    if upkeep is None:
        return ""
    order = sorted(range(len(upkeep.subjects)), key=lambda at: (not _ill(upkeep, at), at))
    chips = "".join(_chip(upkeep, at) for at in order[:_PARTS])
    left = len(order) - _PARTS
    more = f"<li>and {left} more</li>" if left > 0 else ""
    return (
        '<section id="upkeep"><h2>The monitor itself</h2>'
        f'<ul class="parts">{chips}{more}</ul></section>'
    )


def _ill(upkeep: Snapshot, at: int) -> bool:
    period = upkeep["period_seconds"][at]
    limit = max(_PERIODS * period, _LEAST_SECONDS) if period > 0 else _LEAST_SECONDS
    return bool(upkeep.labels["error"][at]) or bool(upkeep["age_seconds"][at] > limit)


def _chip(upkeep: Snapshot, at: int) -> str:
    part = safe(upkeep.subjects[at], 64)
    if not _ill(upkeep, at):
        return f'<li class="well">{part}</li>'
    error = upkeep.labels["error"][at]
    silent = f"silent for {span(float(upkeep['age_seconds'][at]))}"
    why = f": {safe(error, 160)}" if error else ""
    return f'<li class="ill"><b>{part}</b> {silent}<bdi>{why}</bdi></li>'
