"""Blind: something that should be watched is not being seen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar, NamedTuple

import numpy as np

from aisec_daemon.model import Read, Rule, Severity, Snapshot, State, StateShape, Verdict, View

_PERIODS = 5.0  # a slow sampler is silent only after it missed several turns
_READINGS = 2.0  # of the views: one alone may be a moment's
_HANDED_OVER = ("vfio-pci", "xen-pciback", "pci-stub")  # a virtual machine owns such a device


class _Row(NamedTuple):
    """One line of the verdict."""

    subject: str
    score: float
    silent_seconds: float
    reason: str
    key: str = ""


@dataclass(frozen=True)
class Blind:
    """Samplers, one GPU's sensor, NVIDIA devices without a driver, views of the processes."""

    rule: ClassVar[Rule] = Rule(
        "blind",
        title="A sensor is silent or unreadable",
        severity=Severity.HIGH,
        technique="T1562.001",
        benign="A driver being upgraded, a GPU being reset, a node that is still booting.",
        hold=0.0,
        quiet=15.0,
    )
    memory: ClassVar[StateShape | None] = None
    peers: ClassVar[bool] = False

    after: Annotated[float, "seconds without a good reading before it is told"] = 15.0

    def __post_init__(self) -> None:
        if self.after <= 0:
            raise ValueError("after must be more than 0 seconds")

    @property
    def reads(self) -> tuple[Read, ...]:
        """Every turn of `upkeep` calls it."""
        return (Read("upkeep"), Read("gpu"), Read("gpu_device"), Read("process_view"))

    def __call__(self, state: State, *views: View | None) -> tuple[State, Verdict]:
        """Judge what the monitor knows of itself against what the machine has."""
        upkeep, gpus, devices, processes = views
        if upkeep is None:
            return state, Verdict((), np.empty(0))
        rows = self._parts(upkeep.latest, devices)
        if processes is not None:
            rows += _views(processes.latest)
        if gpus is not None and upkeep.time - gpus.latest.time < self.after:
            rows += self._gpus(gpus.latest)
            if devices is not None:
                rows += self._devices(devices.latest, gpus.latest)
        return state, Verdict(
            tuple(row.subject for row in rows),
            np.array([row.score for row in rows]),
            {"silent_seconds": tuple(row.silent_seconds for row in rows)},
            tuple(row.reason for row in rows),
            tuple(row.key or row.subject for row in rows),
        )

    def _parts(self, upkeep: Snapshot, devices: View | None) -> list[_Row]:
        """Judge samplers and the daemon's other parts by the age of their last success."""
        rows = []
        hardware = _hardware(devices)
        for row, subject in enumerate(upkeep.subjects):
            age = float(upkeep["age_seconds"][row])
            limit = float(np.fmax(self.after, _PERIODS * upkeep["period_seconds"][row]))
            why = upkeep.labels["error"][row] or "it does not answer"
            reason = f"{subject} has had no good reading for {age:.0f} s: {why}"
            sensor = upkeep.labels["sensor"][row]
            if sensor == "nvml":
                reason += hardware
            key = f"sensor/{sensor}" if sensor else ""
            score = age / limit
            if score < 1 and not _has_worked(upkeep, row):
                score = np.nan  # a restart does not end the case of what was silent before it
            rows.append(_Row(subject, score, age, reason, key))
        return rows

    def _gpus(self, gpus: Snapshot) -> list[_Row]:
        """Judge each GPU's own sensor."""
        rows = []
        for row, uuid in enumerate(gpus.subjects):
            age = float(gpus["read_age_seconds"][row])
            why = gpus.labels["error"][row] or "it does not answer"
            address = gpus.labels["pci_bus_id"][row] or "unknown address"
            reason = f"GPU {uuid} at {address} has had no good reading for {age:.0f} s: {why}"
            rows.append(_Row(f"gpu/{uuid}", age / self.after, age, reason))
        return rows

    def _devices(self, devices: Snapshot, gpus: Snapshot) -> list[_Row]:
        """Judge devices on the bus that the driver should serve and does not."""
        served = set(gpus.labels["pci_bus_id"])
        rows = []
        for row, address in enumerate(devices.subjects):
            driver = devices.labels["driver"][row]
            unserved = address not in served and driver not in _HANDED_OVER
            bound = "no driver" if driver == "" else f"driver {driver or 'unknown'}"
            reason = (
                f"NVIDIA device at {address} is on the bus ({bound}) but NVML does not show it: "
                "whatever uses it is not watched"
            )
            rows.append(_Row(f"pci/{address}", 2.0 if unserved else 0.0, np.nan, reason))
        return rows


def _has_worked(upkeep: Snapshot, row: int) -> bool:
    """Tell whether a part did its work since the daemon began, or is only called by events."""
    periodic = np.isfinite(upkeep["period_seconds"][row])
    return not periodic or bool(np.isfinite(upkeep["last_success_timestamp_seconds"][row]))


def _views(views: Snapshot) -> list[_Row]:
    """Judge the views of the processes that cannot be compared with the others."""
    rows = []
    for row, subject in enumerate(views.subjects):
        lack = views.labels["lack"][row]
        if lack:
            score = float(views["lasting_runs"][row]) / _READINGS
            rows.append(_Row(subject, score, np.nan, lack))
    return rows


def _hardware(devices: View | None) -> str:
    """Say what the bus holds, since a missing driver matters most where there are GPUs."""
    if devices is None:
        return ""
    count = len(devices.subjects)
    if count == 0:
        return "; there is no NVIDIA device on the PCI bus"
    return f"; {count} NVIDIA device(s) on the PCI bus are not watched"
