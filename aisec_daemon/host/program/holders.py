"""Who holds a node of the NVIDIA driver open, found within a budget of system calls."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from errno import EACCES, EPERM, errorcode
from pathlib import Path

from aisec_daemon.host.proc.attributes import GONE
from aisec_daemon.host.proc.descriptors import LINKS_MAX, holds_gpu, read_links
from aisec_daemon.host.proc.folder import folder_of
from aisec_daemon.host.proc.identity import ProcessIdentity
from aisec_daemon.host.proc.processes import Processes
from aisec_daemon.host.tally import Call, Tally

_DENIED = frozenset((EACCES, EPERM))
_FIRST_LINKS = 1 << 20


@dataclass(slots=True)
class _Seen:
    """A process: its start, when it was read, how many files it had open, what they say."""

    start: int
    files: int
    read: int
    holds: bool = False
    denied: bool = False


class Holders:
    """Looks at the open files of all processes, some of them each turn.

    The first turn looks at all, unless they have more files open than any node's should. Later, new
    processes come first, then those looked at longest ago; a turn asks for the number of open files
    of at most `checks_max` processes (Linux 6.2 and later tell it without a listing) and follows
    about `links_max` links at most. One whose number has not changed is not read again until
    `turns_max` turns have passed. Not safe between threads.
    """

    def __init__(
        self,
        proc: Path,
        processes: Processes,
        tally: Tally,
        *,
        checks_max: int = 250,
        links_max: int = 1000,
        turns_max: int = 60,
    ) -> None:
        self._proc = proc
        self._processes = processes
        self._tally = tally
        self._limits = checks_max, links_max, turns_max
        self._seen: dict[int, _Seen] = {}
        self._queue: deque[int] = deque()
        self._scans = 0
        self._turn = 0
        self._waiting = 0

    @property
    def denied(self) -> int:
        """How many processes' open files may not be read, are too many to be, or wait for it."""
        return self._waiting + sum(seen.denied for seen in self._seen.values())

    def find(self) -> list[ProcessIdentity]:
        """Return the processes known to hold a node; UnreadableError if /proc cannot be listed."""
        self._turn += 1
        self._scans, running = self._processes.alive(self._scans)
        alive = {each.pid: each for each in running if each.executable != ""}
        self._forget(alive)
        self._queue.extendleft(alive.keys() - self._seen.keys())
        checks, links, _ = self._limits if self._turn > 1 else (len(alive), _FIRST_LINKS, 0)
        waiting = alive.keys() - self._seen.keys()
        for _ in range(min(checks, len(self._queue))):
            if links <= 0:
                break
            pid = self._queue.popleft()
            links -= self._look(pid, alive[pid])
            self._queue.append(pid)
            waiting.discard(pid)
        self._waiting = len(waiting)
        return [alive[pid] for pid, seen in self._seen.items() if seen.holds]

    def _forget(self, alive: Mapping[int, ProcessIdentity]) -> None:
        """Forget who is gone, and whose pid another has now."""
        gone = [
            pid
            for pid, seen in self._seen.items()
            if pid not in alive or alive[pid].start_ticks != seen.start
        ]
        for pid in gone:
            del self._seen[pid]
        self._queue = deque(pid for pid in self._queue if pid in self._seen)

    def _look(self, pid: int, identity: ProcessIdentity) -> int:
        """Look at one process; return how many links were followed."""
        seen = self._seen.get(pid)
        folder = f"{folder_of(self._proc, identity)}/fd"
        try:
            files = os.stat(folder).st_size  # noqa: PTH116 - a Path for each would double the cost
            if seen is not None and files and files == seen.files and not self._overdue(seen):
                return 0
            links = read_links(folder)
        except OSError as error:
            return self._fail(pid, identity, error)
        holds = holds_gpu(links)
        cut = not holds and len(links) >= LINKS_MAX
        if cut:
            self._tally.add(Call("proc", "fd", "too many"))
        self._seen[pid] = _Seen(identity.start_ticks, files, self._turn, holds, denied=cut)
        return len(links)

    def _overdue(self, seen: _Seen) -> bool:
        """Say whether it must be read whatever its number says: one file for another keeps it."""
        return self._turn - seen.read >= self._limits[2]

    def _fail(self, pid: int, identity: ProcessIdentity, error: OSError) -> int:
        if error.errno in GONE:
            self._seen.pop(pid, None)
            return 1
        self._tally.add(Call("proc", "fd", errorcode.get(error.errno or 0, "EIO")))
        denied = error.errno in _DENIED
        self._seen[pid] = _Seen(identity.start_ticks, -1, self._turn, denied=denied)
        return 1
