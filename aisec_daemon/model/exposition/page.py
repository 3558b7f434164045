"""The page: what a scrape is sent."""

from __future__ import annotations

import gzip
from collections.abc import Iterable
from dataclasses import dataclass, field
from threading import Lock

from aisec_daemon.model.exposition.text import Chunk, header

TEXT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
OPENMETRICS_TYPE = "application/openmetrics-text; version=1.0.0; charset=utf-8"
_LEVEL = 4  # of gzip: half the time of level 6 for 2 % more bytes


@dataclass(frozen=True, eq=False)
class Page:
    """One version of the page, in both formats; never changed, so that any thread may send it."""

    version: str
    text: bytes
    openmetrics: bytes
    _packed: dict[bool, bytes] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    @classmethod
    def build(cls, version: str, chunks: Iterable[Chunk]) -> Page:
        """Put families together under their headers."""
        text: list[bytes] = []
        openmetrics: list[bytes] = []
        for family, body in chunks:
            text += (header(family, openmetrics=False), body, b"\n")
            openmetrics += (header(family, openmetrics=True), body, b"\n")
        openmetrics.append(b"# EOF\n")
        return cls(version, b"".join(text), b"".join(openmetrics))

    def plain(self, *, openmetrics: bool) -> bytes:
        """Return the page in one of its formats."""
        return self.openmetrics if openmetrics else self.text

    def packed(self, *, openmetrics: bool) -> bytes:
        """Return it compressed by gzip, which is done once, for the first who asks."""
        with self._lock:
            if openmetrics not in self._packed:
                page = self.plain(openmetrics=openmetrics)
                self._packed[openmetrics] = gzip.compress(page, _LEVEL, mtime=0)
            return self._packed[openmetrics]
