"""The catalogue: every plug-in there is, found by its file."""

from __future__ import annotations

import importlib
import pkgutil
from dataclasses import is_dataclass
from types import ModuleType
from typing import Any

import aisec_daemon.detectors
import aisec_daemon.samplers
import aisec_daemon.sinks
from aisec_daemon.detectors import Detector
from aisec_daemon.model import Table
from aisec_daemon.pipeline import cost, upkeep
from aisec_daemon.samplers import Sampler
from aisec_daemon.sinks import Outlet


def samplers() -> dict[str, type[Sampler]]:
    """Every sampler class by the name of its file, which is its table's name."""
    found = _plugins(aisec_daemon.samplers, "table")
    for name, plugin in found.items():
        if plugin.table.name != name:
            raise TypeError(f"samplers/{name}.py declares the table {plugin.table.name!r}")
    return found


def detectors() -> dict[str, type[Detector]]:
    """Every detector class by the name of its file, which is its rule's name."""
    found = _plugins(aisec_daemon.detectors, "rule")
    for name, plugin in found.items():
        if plugin.rule.name != name:
            raise TypeError(f"detectors/{name}.py declares the rule {plugin.rule.name!r}")
    return found


def sinks() -> dict[str, type[Outlet]]:
    """Every outlet class by the name of its file; files that hold none are left out."""
    return _plugins(aisec_daemon.sinks, "replays", optional=True)


def tables() -> dict[str, Table]:
    """Every table there is, by name."""
    declared = [plugin.table for plugin in samplers().values()]
    return {table.name: table for table in [*declared, upkeep.TABLE, cost.TABLE]}


def _plugins(package: ModuleType, mark: str, *, optional: bool = False) -> dict[str, Any]:
    """Import each file of a package and take the one dataclass in it that carries `mark`."""
    found = {}
    for info in pkgutil.iter_modules(package.__path__):
        module = importlib.import_module(f"{package.__name__}.{info.name}")
        classes = [
            value
            for value in vars(module).values()
            if isinstance(value, type)
            and is_dataclass(value)
            and value.__module__ == module.__name__
            and hasattr(value, mark)
        ]
        if optional and not classes:
            continue
        if len(classes) != 1:
            raise TypeError(f"{module.__name__} must hold one plug-in, it holds {len(classes)}")
        found[info.name] = classes[0]
    return found
