"""Field values: many numbers in one call, each with its own answer."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pynvml

from aisec_daemon.host.nvml import values
from aisec_daemon.host.nvml.codes import PERMANENT, SUCCESS
from aisec_daemon.host.nvml.layouts import plain
from aisec_daemon.host.nvml.library import Ladder, Library

ALL_LINKS = 0xFFFFFFFF
"""As scope of an NVLink field: the sum over all links."""

_UNSIGNED_INT = 1  # nvmlValueType_t


class FieldValues:
    """A batch of field values of one GPU (`nvmlDeviceGetFieldValues`).

    An id that this GPU does not support leaves the batch; the others stay.
    """

    def __init__(self, library: Library, handle: Any, ids: Iterable[tuple[int, int]]) -> None:
        self._library = library
        self._handle = handle
        self._batch = self._prepare(list(ids))
        self._types: dict[int, int] = {}
        self._ladder = Ladder(self._call)

    def read(self) -> dict[int, float]:
        """Return what could be read, by field id; LostError."""
        if not len(self._batch):
            return {}
        return self._ladder.read() or {}

    def asks(self, field: int) -> bool:
        """Say whether this field is still in the batch."""
        return any(item.fieldId == field for item in self._batch)

    def is_short(self, field: int) -> bool:
        """Say whether the driver keeps this field in 32 bits."""
        return self._types.get(field) == _UNSIGNED_INT

    def add(self, ids: Iterable[tuple[int, int]]) -> None:
        """Ask for these, too, from the next reading on."""
        kept = [(item.fieldId, item.scopeId) for item in self._batch]
        self._batch = self._prepare([*kept, *ids])

    def _prepare(self, ids: list[tuple[int, int]]) -> Any:
        batch = (plain(pynvml.c_nvmlFieldValue_t) * len(ids))()
        for item, (field, scope) in zip(batch, ids, strict=True):
            item.fieldId, item.scopeId = field, scope
        return batch

    def _call(self) -> dict[int, float]:
        self._library.call("nvmlDeviceGetFieldValues", self._handle, len(self._batch), self._batch)
        numbers: dict[int, float] = {}
        keep: list[tuple[int, int]] = []
        for item in self._batch:
            code = item.nvmlReturn
            self._library.count(f"field/{item.fieldId}", code, item.latencyUsec / 1e6)
            if code == SUCCESS:
                numbers[item.fieldId] = values.number(item.value, item.valueType)
                self._types[item.fieldId] = item.valueType
            if code not in PERMANENT:
                keep.append((item.fieldId, item.scopeId))
        if len(keep) < len(self._batch):
            self._batch = self._prepare(keep)
        return numbers
