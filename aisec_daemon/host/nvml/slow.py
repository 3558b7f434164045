"""What changes slowly, or costs much: one call every few readings."""

from __future__ import annotations

import math
from collections.abc import Callable
from ctypes import byref, c_uint, c_ulonglong
from functools import partial
from itertools import count
from typing import Any

import pynvml

from aisec_daemon.host.nvml import values
from aisec_daemon.host.nvml.field_values import FieldValues
from aisec_daemon.host.nvml.fields import CLOCK_EVENTS, ECC_ERRORS
from aisec_daemon.host.nvml.library import Ladder, Library

EVERY = 15
"""Readings between two turns of the same call."""

_SM_CLOCK, _MEMORY_CLOCK = 1, 2
_SENSOR_GPU = 0
_POWER_LIMIT_FIELD = 190  # milliwatts
_ENERGY_FIELD = 83  # millijoules; a call of its own, since it takes milliseconds
_FIELDS = {
    **{
        field: (f"ecc_{kind}_{lifetime}_errors", 1.0)
        for field, (kind, lifetime) in enumerate(ECC_ERRORS, start=3)
    },
    82: ("memory_temperature_celsius", 1.0),
    142: ("remapped_corrected_rows", 1.0),
    143: ("remapped_uncorrected_rows", 1.0),
    144: ("remap_pending_ratio", 1.0),
    145: ("remap_failure_ratio", 1.0),
    _POWER_LIMIT_FIELD: ("power_limit_watts", 1e-3),
    230: ("recovery_action_code", 1.0),
}


class Slow:
    """Slow numbers of one GPU, each call with its own phase so that no reading is heavy.

    The first reading asks all. Then a number is carried from turn to turn, and is NaN as soon as
    its turn fails.
    """

    def __init__(self, library: Library, handle: Any) -> None:
        self._library = library
        self._handle = handle
        self._fields = FieldValues(library, handle, [(field, 0) for field in _FIELDS])
        self._energy_field = FieldValues(library, handle, [(_ENERGY_FIELD, 0)])
        self._turn = 0
        self._carried: dict[str, float] = {}
        temperature = [self._old_temperature]
        if hasattr(pynvml, "c_nvmlTemperature_v1_t"):
            temperature.insert(0, self._temperature)
        self._calls: tuple[Callable[[], dict[str, float]], ...] = (
            self._health,
            _named("sm_clock_hertz", partial(self._clock, _SM_CLOCK)),
            _named("memory_clock_hertz", partial(self._clock, _MEMORY_CLOCK)),
            _named("temperature_celsius", *temperature),
            _clock_events(
                partial(self._reasons, "nvmlDeviceGetCurrentClocksEventReasons"),
                partial(self._reasons, "nvmlDeviceGetCurrentClocksThrottleReasons"),
            ),
            _or_now_and_then(
                _named("encoder_utilization_ratio", partial(self._engine, "Encoder")),
                _named("persistence_mode_ratio", partial(self._mode, "Persistence")),
            ),
            _or_now_and_then(
                _named("decoder_utilization_ratio", partial(self._engine, "Decoder")),
                _named("accounting_mode_ratio", partial(self._mode, "Accounting")),
            ),
            self._limit(),
            *(dict, dict),  # phases in which `Processes` lists graphics and MPS processes
            self._energy,
            _settled(_named("memory_clock_max_hertz", partial(self._max_clock, _MEMORY_CLOCK))),
        )

    def read(self) -> dict[str, float]:
        """Take the calls whose turn it is; return all numbers as they stand; LostError."""
        for phase, call in enumerate(self._calls):
            if due(self._turn, phase):
                self._carried |= call()
        self._turn += 1
        return self._carried

    def _health(self) -> dict[str, float]:
        read = self._fields.read()
        return {name: read.get(id_, math.nan) * scale for id_, (name, scale) in _FIELDS.items()}

    def _energy(self) -> dict[str, float]:
        millijoules = self._energy_field.read().get(_ENERGY_FIELD, math.nan)
        return {"energy_joules": millijoules / 1000.0}

    def _limit(self) -> Callable[[], dict[str, float]]:
        older = _named("power_limit_watts", self._enforced_limit)
        return lambda: {} if self._fields.asks(_POWER_LIMIT_FIELD) else older()

    def _enforced_limit(self) -> float:
        return self._integer("nvmlDeviceGetEnforcedPowerLimit") / 1000.0

    def _clock(self, kind: int) -> float:
        return self._integer("nvmlDeviceGetClockInfo", kind) * 1e6

    def _max_clock(self, kind: int) -> float:
        return self._integer("nvmlDeviceGetMaxClockInfo", kind) * 1e6

    def _mode(self, name: str) -> float:
        return self._integer(f"nvmlDeviceGet{name}Mode")

    def _temperature(self) -> float:
        reading = pynvml.c_nvmlTemperature_v1_t()
        reading.version, reading.sensorType = pynvml.nvmlTemperature_v1, _SENSOR_GPU
        self._library.call("nvmlDeviceGetTemperatureV", self._handle, byref(reading))
        return float(reading.temperature)

    def _old_temperature(self) -> float:
        return self._integer("nvmlDeviceGetTemperature", _SENSOR_GPU)

    def _engine(self, name: str) -> float:
        percent, period = c_uint(), c_uint()
        call = f"nvmlDeviceGet{name}Utilization"
        self._library.call(call, self._handle, byref(percent), byref(period))
        return values.ratio(percent.value)

    def _reasons(self, call: str) -> int:
        reasons = c_ulonglong()
        self._library.call(call, self._handle, byref(reasons))
        return reasons.value

    def _integer(self, call: str, *arguments: int) -> float:
        answer = c_uint()
        self._library.call(call, self._handle, *arguments, byref(answer))
        return float(answer.value)


def due(turn: int, phase: int) -> bool:
    """Say whether a slow call of this phase is made on this turn: the first, then every 15th."""
    return turn == 0 or (turn >= EVERY and turn % EVERY == phase)


def _named(name: str, *ways: Callable[[], float]) -> Callable[[], dict[str, float]]:
    ladder = Ladder(*ways)

    def call() -> dict[str, float]:
        number = ladder.read()
        return {name: math.nan if number is None else number}

    return call


def _or_now_and_then(
    usual: Callable[[], dict[str, float]], other: Callable[[], dict[str, float]]
) -> Callable[[], dict[str, float]]:
    """Return a call in whose place another is made once in four turns, so that none is added."""
    turns = count()
    return lambda: other() if next(turns) % 4 == 1 else usual()


def _settled(call: Callable[[], dict[str, float]]) -> Callable[[], dict[str, float]]:
    """Return a call that is made until it answers, and never again with this driver."""
    known: dict[str, float] = {}

    def once() -> dict[str, float]:
        if not known or math.isnan(min(known.values())):
            known.update(call())
        return known

    return once


def _clock_events(*ways: Callable[[], int]) -> Callable[[], dict[str, float]]:
    ladder = Ladder(*ways)

    def call() -> dict[str, float]:
        bits = ladder.read()
        return {
            f"clock_event_{reason}_ratio": math.nan if bits is None else float(bool(bits & bit))
            for reason, bit in CLOCK_EVENTS
        }

    return call
