"""What the page for people is drawn from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from aisec_daemon.app.web.recent import Recent
from aisec_daemon.model import Finding


@dataclass(frozen=True)
class Sight:
    """What the page shows; `mark` names what is replayed, if this is no live node."""

    version: str
    node: str
    time: float
    findings: Sequence[Finding] = ()
    recent: Recent = field(default_factory=Recent)
    mark: str = ""
