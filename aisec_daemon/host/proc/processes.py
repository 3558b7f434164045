"""All processes of a host."""

from __future__ import annotations

import os
from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import replace
from errno import errorcode
from functools import partial
from pathlib import Path
from threading import Lock
from time import perf_counter

from aisec_daemon.host.errors import UnreadableError
from aisec_daemon.host.indicators.matcher import Matcher
from aisec_daemon.host.proc.attributes import Attributes, Known
from aisec_daemon.host.proc.boot import BootTime
from aisec_daemon.host.proc.budget import Budget
from aisec_daemon.host.proc.cache import Cache
from aisec_daemon.host.proc.connector import Connector, listen
from aisec_daemon.host.proc.events import Event, What
from aisec_daemon.host.proc.identity import ProcessIdentity
from aisec_daemon.host.proc.scan import TICKS_PER_SECOND, Rows, Scan
from aisec_daemon.host.proc.stat import STAT_BYTES, Numbers
from aisec_daemon.host.tally import Call, Tally

_CLOSE_SECONDS = 1.0
_HEARD_MAX = 8192


class Processes:
    """Reads the processes below `root`/proc, each in full once per program image.

    A process already known costs one read of its stat. `key` keys the hashes of command lines. With
    `connector`, the kernel tells of each exec, so that a process that lived only between two scans
    still has a row in the next one; at most `connector_reads_per_second` are read. A scan has at
    most `rows_max` rows. `matcher` knows the marks of miners.
    May be used from several threads.
    """

    def __init__(
        self,
        root: Path,
        tally: Tally,
        key: bytes,
        *,
        connector: bool = True,
        rows_max: int = 65536,
        connector_reads_per_second: int = 200,
        matcher: Matcher | None = None,
    ) -> None:
        self._proc = root / "proc"
        self._rows_max = rows_max
        self._tally = tally
        self._lock = Lock()
        self._attributes = Attributes(root, tally, key, matcher)
        self._boot = BootTime(root, tally)
        self._cache = Cache(self._proc, rows_max)
        self._budget = Budget(connector_reads_per_second)
        self._heard: set[int] = set()
        self._scans = 0
        self._alive: list[ProcessIdentity] = []
        self._last: Scan | None = None
        self._connector: Connector | None = None
        if connector:
            self._connector = Connector(
                partial(listen, root), self._on_events, self._on_overflow, tally
            )

    @property
    def connector_error(self) -> str:
        """Why the process connector does not work, in one sentence; empty if it does."""
        if self._connector is None:
            return "the process connector is switched off"
        return self._connector.error

    def protect(self, pids: Collection[int]) -> None:
        """Name the processes that hold a GPU now: a scan never drops them."""
        with self._lock:
            self._cache.protected = frozenset(pids)

    def scan(self) -> Scan:
        """Read all processes that /proc lists; UnreadableError if it lists or shows none.

        Rows of processes that have ended since the last scan have no numbers but their start.
        """
        begin = perf_counter()
        with self._lock:
            self._attributes.refresh()
            listed = self._listed()
            pids = self._cache.within_limit(listed)
            rows = Rows()
            self._add_rows(pids, rows)
            if not rows.identities:
                raise UnreadableError("proc", f"no process in {self._proc} may be read")
            self._scans, self._alive = self._scans + 1, list(rows.identities)
            departed = self._cache.sweep(rows.identities)
            room = max(0, self._rows_max - len(rows.identities))
            for identity in departed[:room]:
                rows.add(identity, None)
            rows.dropped += len(listed) - len(pids) + len(departed[room:])
            scan = self._last = rows.finish(self._boot.seconds(), self._last)
        self._tally.add(Call("proc", "scan", "OK"), seconds=perf_counter() - begin)
        if scan.dropped:
            self._tally.add(Call("proc", "scan", "dropped"), scan.dropped)
        return scan

    def lookup(self, pid: int) -> ProcessIdentity | None:
        """Return who a process is, from the last scan or read now; None if /proc knows it not.

        A process that /proc does not list, but knows when asked, is found here and not by `scan`.
        """
        with self._lock:
            known = self._cache.get(pid)
            if known is None or known.stale:
                with suppress(UnreadableError):
                    known = self._meet(pid) or known
            return None if known is None else known.identity

    def heard(self) -> frozenset[int]:
        """Return the pids that the connector told of since this was last asked, at most 8,192."""
        with self._lock:
            heard = frozenset(self._heard)
            self._heard.clear()
        return heard

    def latest(self) -> tuple[int, list[ProcessIdentity]]:
        """Return how many scans there were, and who was alive at the last; cheap."""
        with self._lock:
            return self._scans, self._alive

    def alive(self, since: int) -> tuple[int, Sequence[ProcessIdentity]]:
        """Return how many scans there were, and who runs; UnreadableError.

        By the last scan if one was made since `since` of them, else by a look of our own: nobody
        may be scanning.
        """
        scans, alive = self.latest()
        if scans > since:
            return scans, alive
        found = map(self.lookup, self.pids())
        return scans, [each for each in found if each is not None]

    def started(self, ticks: int) -> float:
        """Return the time at which a process started, in seconds since 1970; NaN if unread."""
        with self._lock:
            return self._boot.seconds() + ticks / TICKS_PER_SECOND

    def numbers(self) -> dict[int, Numbers]:
        """Return what the stat of each known process said last, by pid; reads nothing."""
        with self._lock:
            return self._cache.last_numbers()

    def pids(self) -> list[int]:
        """Return the processes that /proc lists now; UnreadableError."""
        return self._listed()

    def close(self) -> None:
        """Stop listening, and let go of all descriptors, unless a reading that hangs has them."""
        if self._connector is not None:
            self._connector.close()
        if self._lock.acquire(timeout=_CLOSE_SECONDS):
            self._cache.clear()
            self._lock.release()

    def _listed(self) -> list[int]:
        try:
            names = os.listdir(self._proc)  # noqa: PTH208 - a Path for each would double the cost
        except OSError as error:
            raise UnreadableError(
                "proc", f"{self._proc} cannot be listed: {error.strerror}"
            ) from error
        return [int(name) for name in names if name.isdecimal()]

    def _add_rows(self, pids: Collection[int], rows: Rows) -> None:
        """Add a row for each process; this loop is most of what the daemon costs on a busy node."""
        get, take, read = self._cache.by_pid.get, self._cache.take, os.pread
        identities, numbers = rows.identities, rows.numbers
        for pid in pids:
            known = get(pid)
            if known is None or known.stale or known.descriptor < 0:
                self._add_row(pid, known, rows)
                continue
            try:
                line = read(known.descriptor, STAT_BYTES, 0)
            except OSError:
                self._add_row(pid, None, rows)
                continue
            if line == known.line and not known.fresh and known.numbers is not None:
                identities.append(known.identity)
                numbers.append(known.numbers)
            else:
                self._add_row(pid, known, rows, take(known, line))

    def _add_row(
        self, pid: int, known: Known | None, rows: Rows, numbers: Numbers | None = None
    ) -> None:
        """Add a process of which something is new; `numbers` if they were read already."""
        if known is not None and not known.stale and numbers is None and known.descriptor < 0:
            numbers = self._cache.numbers(known)
        if known is None or numbers is None:
            try:
                known = self._meet(pid)
            except UnreadableError:
                rows.dropped += 1
                return
            if known is None:
                return
            numbers = self._cache.numbers(known)
        elif numbers.parent != known.identity.parent:
            known.identity = replace(known.identity, parent=numbers.parent)
        known.fresh = False
        rows.add(known.identity, numbers)

    def _meet(self, pid: int) -> Known | None:
        """Read a process in full and remember it; None if it is gone."""
        known = self._read(pid)
        return None if known is None else self._cache.place(known)

    def _read(self, pid: int) -> Known | None:
        try:
            return self._attributes.read(pid)
        except (OSError, ValueError) as error:
            code = errorcode.get(getattr(error, "errno", None) or 0, "malformed")
            self._tally.add(Call("proc", "stat", code))
            raise UnreadableError("proc", f"process {pid} cannot be read: {error}") from error

    def _on_events(self, events: list[Event]) -> None:
        """Take the connector's word; called in its thread."""
        for event in events:
            if event.what is What.EXEC:
                self._on_exec(event.pid)
            else:
                self._doubt(event.pid)

    def _on_exec(self, pid: int) -> None:
        """Read at once who executed something: it may not live until the next scan."""
        with self._lock:
            if len(self._heard) < _HEARD_MAX:
                self._heard.add(pid)
        if not self._budget.spend():
            self._tally.add(Call("connector", "exec", "over budget"))
            self._doubt(pid)
            return
        known = None
        with suppress(UnreadableError):
            known = self._read(pid)
        if known is None:
            self._tally.add(Call("connector", "exec", "gone"))
            return
        known.fresh = True
        with self._lock:
            if self._cache.get(pid) is None and self._cache.full:
                self._tally.add(Call("connector", "exec", "full"))
                known.close()
            else:
                self._cache.place(known)

    def _doubt(self, pid: int) -> None:
        with self._lock:
            known = self._cache.get(pid)
            if known is not None:
                known.stale = True

    def _on_overflow(self) -> None:
        with self._lock:
            self._cache.doubt()
