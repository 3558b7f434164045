"""The processes that are known, and no others: memory forgets the dead."""

from __future__ import annotations

import os
import resource
from collections.abc import Collection, Mapping
from pathlib import Path

from aisec_daemon.host.proc.attributes import Known
from aisec_daemon.host.proc.folder import living_line
from aisec_daemon.host.proc.identity import ProcessIdentity
from aisec_daemon.host.proc.stat import (
    START_TICKS,
    STAT_BYTES,
    Numbers,
    dead,
    image,
    leaderless,
    numbers,
    split,
)


class Cache:
    """What is known of processes, by pid; half of the descriptors we may have stay open for it.

    A kept descriptor of a stat belongs to its process: once that has died it answers ESRCH, even if
    the pid is used again. Not safe between threads.
    """

    def __init__(self, proc: Path, rows_max: int) -> None:
        self.protected: frozenset[int] = frozenset()
        self._proc = proc
        self._rows_max = rows_max
        self._known: dict[int, Known] = {}
        self._departed: list[ProcessIdentity] = []
        self._descriptors_left = resource.getrlimit(resource.RLIMIT_NOFILE)[0] // 2

    @property
    def full(self) -> bool:
        """Whether there is no room for what only a message, not a listing, told of."""
        return len(self._known) + len(self._departed) >= self._rows_max

    @property
    def by_pid(self) -> Mapping[int, Known]:
        """What is known of each pid."""
        return self._known

    def get(self, pid: int) -> Known | None:
        """Return what is known of a pid."""
        return self._known.get(pid)

    def numbers(self, known: Known) -> Numbers | None:
        """Read the stat of a known process; None if it cannot be read or is of another image."""
        try:
            if known.descriptor >= 0:
                return self.take(known, os.pread(known.descriptor, STAT_BYTES, 0))
            return self.take(known, self._line(known.identity.pid))
        except OSError:
            return None

    def take(self, known: Known, line: bytes) -> Numbers | None:
        """Take a stat that was read; None if it is of another image, or none at all.

        Most processes did nothing since the last time: their stat is the same to the letter. The
        dead keep their image: all that tells it is zero then. None, too, if the main thread has
        ended and no thread is known that goes on, unless the process was found to end.
        """
        if line == known.line:
            return known.numbers
        try:
            head, fields = split(line)
        except ValueError:
            return None
        if image(head, fields) == known.image or (
            dead(fields) and fields[START_TICKS] == known.image[1]
        ):
            found = numbers(fields)
            if leaderless(fields) and not known.dying:
                thread = known.identity.thread and self._thread(known.identity)
                if not thread:
                    return None
                found = found._replace(pages=thread.pages, virtual_bytes=thread.virtual_bytes)
            known.line, known.numbers = line, found
            return found
        return None

    def _thread(self, identity: ProcessIdentity) -> Numbers | None:
        """Return what the stat of the thread by which a process is read says; None if it ended."""
        line = living_line(f"{self._proc}/{identity.pid}/task/{identity.thread}/stat")
        return numbers(split(line)[1]) if line else None

    def last_numbers(self) -> dict[int, Numbers]:
        """Return the numbers that were read last, by pid."""
        known = self._known.items()
        return {pid: each.numbers for pid, each in known if each.numbers is not None}

    def place(self, known: Known) -> Known:
        """Remember a process that was read, in place of what bore its pid before.

        A process of which the last reading caught only the end stays who it was.
        """
        pid = known.identity.pid
        old = self._known.get(pid)
        if old is not None:
            self._close(old)
            same = old.identity.start_ticks == known.identity.start_ticks
            if same and known.dying:
                known.identity, known.image = old.identity, old.image
            if same and known.image == old.image:
                known.fresh = old.fresh
            elif not same and old.fresh and not self.full:
                self._departed.append(old.identity)
        if self._descriptors_left <= 0:
            known.close()
        elif known.descriptor >= 0:
            self._descriptors_left -= 1
        self._known[pid] = known
        return known

    def within_limit(self, pids: Collection[int]) -> Collection[int]:
        """Choose the processes that get a row: who holds a GPU always, then those known already."""
        if len(pids) <= self._rows_max:
            return pids
        first = [pid for pid in pids if pid in self.protected]
        rest = [pid for pid in pids if pid not in self.protected]
        rest.sort(key=lambda pid: pid not in self._known)
        return first + rest[: max(0, self._rows_max - len(first))]

    def sweep(self, alive: Collection[ProcessIdentity]) -> list[ProcessIdentity]:
        """Forget all but the living; return who died before any scan could show them."""
        departed, self._departed = self._departed, []
        if len(alive) == len(self._known):  # each of them is known
            return departed
        for pid in self._known.keys() - {identity.pid for identity in alive}:
            known = self._known.pop(pid)
            self._close(known)
            if known.fresh:
                departed.append(known.identity)
        return departed

    def doubt(self) -> None:
        """Have every process read again in full."""
        for known in self._known.values():
            known.stale = True

    def clear(self) -> None:
        """Forget everything."""
        self.sweep(())

    def _close(self, known: Known) -> None:
        if known.descriptor >= 0:
            known.close()
            self._descriptors_left += 1

    def _line(self, pid: int) -> bytes:
        descriptor = os.open(f"{self._proc}/{pid}/stat", os.O_RDONLY | os.O_CLOEXEC)
        try:
            return os.read(descriptor, STAT_BYTES)
        finally:
            os.close(descriptor)
