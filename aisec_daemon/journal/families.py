"""What the journal shows on the metrics page."""

from __future__ import annotations

from aisec_daemon.model.exposition import Family

LOST = Family(
    "aisec_journal_lost_changes_total",
    "counter",
    "Changes of findings that could not be kept: the disk failed for longer than they could wait, "
    "or there is no journal.",
)
WAITING = Family(
    "aisec_journal_waiting_rows", "gauge", "Changes of findings that wait to be written."
)
FAMILIES = (LOST, WAITING)
