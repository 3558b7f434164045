"""Own: what the daemon is, and what its interpreter does, for the metrics page."""

from __future__ import annotations

import platform
from collections.abc import Mapping

from prometheus_client import CollectorRegistry, GCCollector, PlatformCollector, ProcessCollector

import aisec_daemon
from aisec_daemon.model.exposition import OWN, Chunk, Family, samples

_BUILD, _ = OWN


class Own:
    """The daemon's version, and prometheus_client's collectors."""

    def __init__(self, constant: Mapping[str, str]) -> None:
        self._constant = constant
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)
        PlatformCollector(registry=self._registry)
        GCCollector(registry=self._registry)

    def read(self) -> list[Chunk]:
        """Read and render it all."""
        build = {"version": aisec_daemon.__version__, "python": platform.python_version()}
        chunks = [samples(_BUILD, [(build, 1.0)], self._constant)]
        for metric in self._registry.collect():
            name = metric.samples[0].name if metric.samples else metric.name
            family = Family(name, metric.type, metric.documentation)
            of = [(sample.labels, sample.value) for sample in metric.samples]
            chunks.append(samples(family, of, self._constant))
        return chunks
