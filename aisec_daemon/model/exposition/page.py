"""The page: what a scrape is sent."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterable
from threading import Lock

from aisec_daemon.model.exposition.text import Chunk, header

TEXT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
OPENMETRICS_TYPE = "application/openmetrics-text; version=1.0.0; charset=utf-8"
_LEVEL = 1  # of gzip: three fifths of the time of level 4, for a fifteenth more bytes


class Page:
    """One version of the page, in both formats; any thread may send it.

    `draw` is asked for its families once, and only if somebody wants the page: it is rendered, and
    compressed, for the first who asks, and those who come after get the very same bytes.
    """

    def __init__(self, version: str, draw: Callable[[], Iterable[Chunk]]) -> None:
        self.version = version
        self._draw = draw
        self._lock = Lock()
        self._chunks: list[Chunk] | None = None
        self._plain: dict[bool, bytes] = {}
        self._packed: dict[bool, bytes] = {}

    def plain(self, *, openmetrics: bool) -> bytes:
        """Return the page in one of its formats."""
        with self._lock:
            return self._in(openmetrics)

    def packed(self, *, openmetrics: bool) -> bytes:
        """Return it compressed by gzip."""
        with self._lock:
            if openmetrics not in self._packed:
                self._packed[openmetrics] = gzip.compress(self._in(openmetrics), _LEVEL, mtime=0)
            return self._packed[openmetrics]

    def _in(self, openmetrics: bool) -> bytes:
        """Put families together under their headers, once; the lock is held."""
        if openmetrics not in self._plain:
            if self._chunks is None:
                self._chunks = [chunk for chunk in self._draw() if chunk.body]
            parts: list[bytes] = []
            for family, body in self._chunks:
                parts += (header(family, openmetrics=openmetrics), body, b"\n")
            if openmetrics:
                parts.append(b"# EOF\n")
            self._plain[openmetrics] = b"".join(parts)
        return self._plain[openmetrics]
