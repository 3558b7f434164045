"""Bytes over PCIe and NVLink: each counter from the best source that this GPU has."""

from __future__ import annotations

import math
from collections.abc import Mapping

from aisec_daemon.host.nvml.field_values import ALL_LINKS, FieldValues
from aisec_daemon.host.nvml.gpm import Gpm

_WRAP = 2.0**32
_KIBIBYTE = 1024.0
_PCIE = {197: "pcie_transmit_bytes", 198: "pcie_receive_bytes"}
_NVLINK = {138: "nvlink_transmit_bytes", 139: "nvlink_receive_bytes"}

NVLINK_FIELDS = [(field, ALL_LINKS) for field in _NVLINK]
"""Fields of NVLink traffic, to be asked for from the start."""


class Unwrapped:
    """What a counter of 32 bits rose by, summed since its first reading.

    Where it went round more than once between two readings the sum is too small, never too large.
    """

    def __init__(self) -> None:
        self._last = math.nan
        self._sum = 0.0

    def take(self, number: float) -> float:
        """Return the sum after this reading; NaN for one that failed."""
        if math.isnan(number):
            return math.nan
        if not math.isnan(self._last):
            self._sum += (number - self._last) % _WRAP
        self._last = number
        return self._sum


class Traffic:
    """Chooses sources: a counter has one for as long as that one has it.

    PCIe: GPM's rates where there is GPM, since the driver's own counters have 32 bits and go round
    every 4.3 GB, several times a second under load; else those counters, as far as one can follow
    them. NVLink: the driver's counters, which have 64 bits; else GPM's rates.
    """

    def __init__(self, gpm: Gpm, fields: FieldValues) -> None:
        self._gpm = gpm
        self._fields = fields
        self._short = {field: Unwrapped() for field in _PCIE}
        self._asked_pcie = False

    def read(self, fields: Mapping[int, float], metrics: Mapping[str, float]) -> dict[str, float]:
        """Return all counters, given what this reading brought from both sources."""
        if not self._asked_pcie and not all(map(self._gpm.offers, _PCIE.values())):
            self._asked_pcie = True
            self._fields.add([(field, 0) for field in _PCIE])
        pcie = {name: self._pcie(field, fields, metrics) for field, name in _PCIE.items()}
        nvlink = {name: self._nvlink(field, fields, metrics) for field, name in _NVLINK.items()}
        return pcie | nvlink

    def _pcie(self, field: int, fields: Mapping[int, float], metrics: Mapping[str, float]) -> float:
        name = _PCIE[field]
        if self._gpm.offers(name):
            return metrics.get(name, math.nan)
        number = fields.get(field, math.nan)
        return self._short[field].take(number) if self._fields.is_short(field) else number

    def _nvlink(
        self, field: int, fields: Mapping[int, float], metrics: Mapping[str, float]
    ) -> float:
        if self._fields.asks(field):
            return fields.get(field, math.nan) * _KIBIBYTE
        return metrics.get(_NVLINK[field], math.nan)
