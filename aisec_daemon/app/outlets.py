"""Outlets: the sinks that are open, as the settings say."""

from __future__ import annotations

import logging
import math
from collections.abc import Mapping
from threading import Thread
from time import monotonic, perf_counter

from aisec_daemon.app.clock import Clock
from aisec_daemon.pipeline.upkeep import Upkeep
from aisec_daemon.sinks import Outlet, Place, Sink

_LOG = logging.getLogger(__name__)
CLOSE_SECONDS = 2.0


class Outlets:
    """Opens and closes sinks; one that cannot be opened is tried again and stops no other."""

    def __init__(self, upkeep: Upkeep, clock: Clock) -> None:
        self.sinks: dict[str, Sink] = {}
        self._upkeep = upkeep
        self._clock = clock
        self._wanted: dict[str, tuple[Outlet, Place]] = {}

    def arrange(self, outlets: Mapping[str, Outlet], place: Place) -> None:
        """Close what is gone or changed, and open what is new or changed."""
        wanted = {
            name: (outlet, place)
            for name, outlet in outlets.items()
            if outlet.replays or not place.mark
        }
        for name in [n for n, opened in self._wanted.items() if wanted.get(n) != opened]:
            self._shut(name)
            self._upkeep.dismiss(f"sink/{name}")
        self._wanted = wanted
        self.open_missing()

    def open_missing(self) -> None:
        """Open those that are wanted and not open."""
        for name, (outlet, place) in self._wanted.items():
            if name not in self.sinks:
                self._open(name, outlet, place)

    def close(self) -> None:
        """Close them all at once; one that hangs is left behind."""
        closers = [Thread(target=self._shut, args=(name,), daemon=True) for name in self.sinks]
        for closer in closers:
            closer.start()
        end = monotonic() + CLOSE_SECONDS
        for closer in closers:
            closer.join(max(end - monotonic(), 0.0))

    def _open(self, name: str, outlet: Outlet, place: Place) -> None:
        part, begun, error = f"sink/{name}", perf_counter(), ""
        self._upkeep.expect(part, math.nan, self._clock.now())
        try:
            self.sinks[name] = outlet.open(place)
        except OSError as failure:
            error = f"cannot be opened: {failure}"
        except Exception as fault:  # a faulty plug-in must stop no other
            error = f"fault in this part: {fault!r}"
            _LOG.debug("%s", part, exc_info=True)
        news = self._upkeep.ran(part, self._clock.now(), perf_counter() - begun, error)
        if news and error:
            _LOG.error("%s: %s", part, error)

    def _shut(self, name: str) -> None:
        sink = self.sinks.pop(name, None)
        if sink is None:
            return
        try:
            sink.close()
        except Exception as fault:  # it is gone either way
            _LOG.error("sink/%s did not close well: %r", name, fault)
