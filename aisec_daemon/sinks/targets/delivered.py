"""How many events a target took."""

from __future__ import annotations

from aisec_daemon.model.exposition import Family

DELIVERED = Family(
    "aisec_events_delivered_total",
    "counter",
    "Events that a target took since the settings were last read.",
    ("target",),
)
