"""What was last heard of one GPU."""

from __future__ import annotations

import math

from aisec_daemon.host.nvml.fields import FIELDS, INDEX, PROCESS_FIELDS
from aisec_daemon.host.nvml.reading import GpuReading
from aisec_daemon.host.nvml.row import Answer, Identity, Process, Row, Xid

_UNREAD = (math.nan,) * len(FIELDS)
_UNREAD_PROCESS = (math.nan,) * len(PROCESS_FIELDS)


class Record:
    """One GPU: who it is and what it said last. It stays while the GPU does not answer."""

    def __init__(self, index: int, now: float) -> None:
        self._since = now
        self._rows: tuple[Row, ...] = (
            Row(Identity(f"unknown-{index}", "", "gpu", "", ""), _UNREAD, ()),
        )
        self._listed: dict[str, tuple[Process, ...]] = {}  # by UUID, processes when last listed
        self._good: dict[str, float] = {}  # by UUID, when last read well
        self._heard = False
        self._error = ""
        self._xids = math.nan
        self._last_xid: Xid | None = None

    @property
    def uuid(self) -> str:
        """The GPU's UUID; a made-up one before it was read for the first time."""
        return self._rows[0].identity.uuid

    @property
    def identified(self) -> bool:
        """Whether its UUID was ever read."""
        return bool(self._good)

    @property
    def read_seconds(self) -> float:
        """How long reading it took when it last went well; NaN before that."""
        return self._rows[0].numbers[INDEX["read_seconds"]]

    def take(self, answer: Answer, now: float) -> None:
        """Note what a reading gave."""
        self._heard, self._error = True, answer.error
        if answer.xids is not None:
            self._xids = len(answer.xids) + (0.0 if math.isnan(self._xids) else self._xids)
            self._last_xid = answer.xids[-1] if answer.xids else self._last_xid
        if not answer.rows:
            return
        self._rows = answer.rows
        before, self._good = self._good, {}
        listed, self._listed = self._listed, {}
        for row in answer.rows:
            uuid = row.identity.uuid
            self._good[uuid] = before.get(uuid, now) if row.error else now
            self._listed[uuid] = listed.get(uuid, ()) if row.processes is None else row.processes

    def show(self, index: int, now: float) -> list[GpuReading]:
        """Return the GPU and its MIG instances; the numbers of one answer are shown once."""
        late = "" if self._heard else f"no answer for {self._age(self.uuid, now):.1f} s"
        error = self._error or late
        self._heard = False
        return [self._reading(index, row, error or row.error, now) for row in self._rows]

    def _reading(self, index: int, row: Row, error: str, now: float) -> GpuReading:
        uuid = row.identity.uuid
        numbers = list(_UNREAD if error else row.numbers)
        if row.identity.kind == "gpu":
            self._show_xids(numbers)
        fresh = not error and row.processes is not None
        processes = self._listed.get(uuid, ())
        if not fresh:
            processes = tuple(x._replace(numbers=_UNREAD_PROCESS) for x in processes)
        age = self._age(uuid, now)
        return GpuReading(index, row.identity, tuple(numbers), age, error, processes, fresh)

    def _show_xids(self, numbers: list[float]) -> None:
        """Xids are announced, not read: what was told stays true while a GPU does not answer."""
        numbers[INDEX["xid_errors"]] = self._xids
        if self._last_xid:
            numbers[INDEX["xid_last_timestamp_seconds"]] = self._last_xid.monotonic
            numbers[INDEX["xid_last_code"]] = float(self._last_xid.code)

    def _age(self, uuid: str, now: float) -> float:
        return now - self._good.get(uuid, self._since)
