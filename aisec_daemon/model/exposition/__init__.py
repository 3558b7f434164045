"""Tables as text: the metrics page in text format 0.0.4 and OpenMetrics 1.0.0.

Pure rendering: snapshots and findings in, bytes out. Why it is our own and not prometheus_client's
is in docs/decisions/0001-own-renderer.md.
"""

from aisec_daemon.model.exposition.block import Block
from aisec_daemon.model.exposition.board import Board
from aisec_daemon.model.exposition.families import FINDINGS, OWN, Family, families
from aisec_daemon.model.exposition.finding_counts import FindingCounts
from aisec_daemon.model.exposition.groups import GroupSection
from aisec_daemon.model.exposition.page import OPENMETRICS_TYPE, TEXT_TYPE, Page
from aisec_daemon.model.exposition.rows import RowSection
from aisec_daemon.model.exposition.section import Rendered, Section
from aisec_daemon.model.exposition.text import Chunk, samples

__all__ = [
    "FINDINGS",
    "OPENMETRICS_TYPE",
    "OWN",
    "TEXT_TYPE",
    "Block",
    "Board",
    "Chunk",
    "Family",
    "FindingCounts",
    "GroupSection",
    "Page",
    "Rendered",
    "RowSection",
    "Section",
    "families",
    "samples",
]
