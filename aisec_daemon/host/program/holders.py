"""Who holds a node of the NVIDIA driver open, found within a budget of system calls."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from errno import EACCES, EPERM, errorcode
from pathlib import Path

from aisec_daemon.host.proc.attributes import GONE
from aisec_daemon.host.proc.descriptors import holds_gpu, read_links
from aisec_daemon.host.proc.identity import ProcessIdentity
from aisec_daemon.host.proc.processes import Processes
from aisec_daemon.host.tally import Call, Tally

_DENIED = frozenset((EACCES, EPERM))


@dataclass(slots=True)
class _Seen:
    """A process: when it was looked at and when read, how many files it had open, what they say."""

    subject: str
    files: int
    turn: int
    read: int
    holds: bool = False
    denied: bool = False


class Holders:
    """Looks at the open files of all processes, some of them each turn.

    The first turn looks at all. Later, new processes come first, then those looked at longest ago;
    a turn asks for the number of open files of at most `checks_max` processes (Linux 6.2 and later
    tell it without a listing) and follows about `links_max` links at most. One whose number has not
    changed is not read again until `turns_max` turns have passed. Not safe between threads.
    """

    def __init__(
        self,
        proc: Path,
        processes: Processes,
        tally: Tally,
        *,
        checks_max: int = 500,
        links_max: int = 2000,
        turns_max: int = 60,
    ) -> None:
        self._proc = proc
        self._processes = processes
        self._tally = tally
        self._limits = checks_max, links_max, turns_max
        self._seen: dict[int, _Seen] = {}
        self._turn = 0

    @property
    def denied(self) -> int:
        """How many processes' open files may not be read."""
        return sum(seen.denied for seen in self._seen.values())

    def find(self) -> list[ProcessIdentity]:
        """Return the processes known to hold a node; UnreadableError if /proc cannot be listed."""
        self._turn += 1
        alive = dict(self._alive())
        for pid in self._seen.keys() - alive.keys():
            del self._seen[pid]
        checks, links, _ = self._limits if self._turn > 1 else (len(alive), len(alive) << 16, 0)
        for pid in self._order(alive)[:checks]:
            if links <= 0:
                break
            links -= self._look(pid, alive[pid])
        return [alive[pid] for pid, seen in self._seen.items() if seen.holds]

    def _alive(self) -> Iterator[tuple[int, ProcessIdentity]]:
        """Yield processes that are no kernel threads."""
        for pid in self._processes.pids():
            identity = self._processes.lookup(pid)
            if identity is not None and identity.executable != "":
                yield pid, identity

    def _order(self, alive: dict[int, ProcessIdentity]) -> list[int]:
        """Sort: new ones first, then those looked at longest ago."""
        for pid, seen in list(self._seen.items()):
            if seen.subject != alive[pid].subject:
                del self._seen[pid]
        never = _Seen("", -1, -1, -1)
        return sorted(alive, key=lambda pid: self._seen.get(pid, never).turn)

    def _look(self, pid: int, identity: ProcessIdentity) -> int:
        """Look at one process; return how many links were followed."""
        seen = self._seen.get(pid)
        folder = f"{self._proc}/{pid}/fd"
        try:
            files = os.stat(folder).st_size  # noqa: PTH116 - a Path for each would double the cost
            if seen is not None and files and files == seen.files and not self._overdue(seen):
                seen.turn = self._turn
                return 0
            links = read_links(folder)
        except OSError as error:
            return self._fail(pid, identity, error)
        self._seen[pid] = _Seen(identity.subject, files, self._turn, self._turn, holds_gpu(links))
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
        self._seen[pid] = _Seen(identity.subject, -1, self._turn, self._turn, denied=denied)
        return 1
