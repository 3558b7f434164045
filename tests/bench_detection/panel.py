"""The panel: which detectors judge, with which settings."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import dataclass, field

from aisec_daemon.app import catalogue
from aisec_daemon.detectors import Detector

DEFAULT = ("mining", "gpu_unaccounted", "process_hidden", "gpu_unscheduled")
Settings = Mapping[str, Mapping[str, object]]


@dataclass(frozen=True)
class Panel:
    """Rules of the catalogue by name, or detectors as `module:Class`; `settings` by rule."""

    names: tuple[str, ...]
    settings: Settings = field(default_factory=dict)

    @classmethod
    def default(cls) -> Panel:
        """Return the mining rule and the cross-views, those of them that there are."""
        there = catalogue.detectors()
        return cls(tuple(name for name in DEFAULT if name in there))

    def detectors(self) -> list[Detector]:
        """Build them."""
        return [self._build(name) for name in self.names]

    @property
    def rules(self) -> tuple[str, ...]:
        return tuple(detector.rule.name for detector in self.detectors())

    def _build(self, name: str) -> Detector:
        if ":" in name:
            module, _, attribute = name.partition(":")
            plugin = getattr(importlib.import_module(module), attribute)
        else:
            plugin = catalogue.detectors()[name]
        return plugin(**self.settings.get(plugin.rule.name, {}))
