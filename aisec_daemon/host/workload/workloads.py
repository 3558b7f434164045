"""The AI workloads of a node."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from errno import EACCES, EPERM
from pathlib import Path
from threading import Lock

from aisec_daemon.host.errors import UnreadableError
from aisec_daemon.host.nvml.client import Nvml
from aisec_daemon.host.proc.folder import folder_of
from aisec_daemon.host.proc.identity import ProcessIdentity
from aisec_daemon.host.proc.processes import Processes
from aisec_daemon.host.proc.stat import Numbers, read_start_ticks
from aisec_daemon.host.program.file import is_procfs
from aisec_daemon.host.program.image import code
from aisec_daemon.host.program.programs import Programs
from aisec_daemon.host.tally import Call, Tally
from aisec_daemon.host.workload.asset import Asset
from aisec_daemon.host.workload.examine import Examiner, Looked
from aisec_daemon.host.workload.formats import Mapped
from aisec_daemon.host.workload.grouping import OnGpu, Sight, group, works
from aisec_daemon.host.workload.workload import Workload

_FRESH_SECONDS = 4.0
_TURN_BYTES = 16 << 20  # of maps read in one turn, or what costs as much
_TURN_SECONDS = 2.0  # of looking; what is left is looked at in the next turn
_WAIT_TURNS = (1, 2, 4, 6, 12, 30)  # between looks at a process that maps more
_DENIED = frozenset((EACCES, EPERM))


class Workloads:
    """Finds the processes that do AI work. May be used from several threads.

    Every process of the node is looked at once per program image, and again while it maps more,
    ever more rarely; a turn reads so many bytes at most, those on GPUs first. See
    `docs/inventory.md` for what counts as an AI workload.
    """

    def __init__(
        self, root: Path, nvml: Nvml, processes: Processes, programs: Programs, tally: Tally
    ) -> None:
        self._proc = root / "proc"
        self._nvml = nvml
        self._processes = processes
        self._programs = programs
        self._tally = tally
        self._lock = Lock()
        self._examiner = Examiner()
        self._looked: dict[int, Looked] = {}
        self._scans = 0
        self._turn = 0
        self._assets: list[Asset] = []
        self._scripts: dict[str, str] = {}
        self._at = -math.inf

    def read(self) -> list[Workload]:
        """Return them all; UnreadableError if nobody can tell. An answer is good for a moment."""
        return [each for asset in self.assets() for each in asset.workloads]

    def members(self) -> list[ProcessIdentity]:
        """Return who they are; UnreadableError."""
        return [each.identity for each in self.read()]

    def mapped(self, identity: ProcessIdentity) -> tuple[Mapped, ...]:
        """Return the files of models and data that a process had mapped when it was looked at."""
        known = self._looked.get(identity.pid)
        same = known is not None and known.identity.start_ticks == identity.start_ticks
        return known.mapped if known is not None and same else ()

    def script(self, process: str) -> str | None:
        """Return the script that a process runs, without folders of a single run.

        None if nobody has asked for workloads since it is one: looking costs, and this does not.
        """
        return self._scripts.get(process)

    def assets(self) -> list[Asset]:
        """Return them in groups; UnreadableError if nobody can tell."""
        with self._lock:
            now = time.monotonic()
            if now - self._at >= _FRESH_SECONDS:
                self._assets = self._find()
                self._scripts = {
                    each.identity.subject: asset.group.lasting_script
                    for asset in self._assets
                    for each in asset.workloads
                }
                self._at = now
            return list(self._assets)

    def _find(self) -> list[Asset]:
        begin = time.perf_counter()
        self._turn += 1
        self._examiner.turn()
        self._scans, running = self._processes.alive(self._scans)
        members = self._members()
        numbers = self._processes.numbers()
        self._keep({each.pid: each for each in (*running, *members.values())})
        self._look(members, numbers)
        if self._looked and all(each.denied for each in self._looked.values()):
            raise UnreadableError(
                "workload", f"the maps of all {len(self._looked)} processes may not be read"
            )
        sight = Sight(self._looked, members, self._on_gpus(), numbers)
        assets = group(sight, self._programs.digest)
        spent = time.perf_counter() - begin
        self._tally.add(Call("workload", "turn", "OK"), seconds=spent)
        return assets

    def _members(self) -> dict[int, ProcessIdentity]:
        """Return who is on a GPU; nobody if that cannot be told, which table `program` reports."""
        try:
            return {each.pid: each for each in self._programs.members()}
        except UnreadableError:
            self._tally.add(Call("workload", "members", "unread"))
            return {}

    def _on_gpus(self) -> dict[int, OnGpu] | None:
        try:
            gpus = self._nvml.read().gpus
        except UnreadableError:
            return None
        found: dict[int, OnGpu] = {}
        for gpu in gpus:
            for process in gpu.processes:
                uuids, memory = found.get(process.pid, OnGpu((), 0.0))
                used = process.numbers[0] if process.numbers else math.nan
                found[process.pid] = OnGpu((*uuids, gpu.identity.uuid), memory + used)
        return found

    def _keep(self, running: Mapping[int, ProcessIdentity]) -> None:
        """Forget who is gone or has executed something else; kernel threads map nothing."""
        kept = {}
        for pid, identity in running.items():
            known = self._looked.get(pid)
            if known is None or not (known.identity is identity or _same(known.identity, identity)):
                if identity.executable == "":
                    continue
                known = Looked(identity)
            known.identity = identity
            kept[pid] = known
        self._looked = kept

    def _look(self, first: Mapping[int, ProcessIdentity], numbers: Mapping[int, Numbers]) -> None:
        """Look at whom it is time for, until what a turn may cost is spent."""
        due = []
        for pid, known in self._looked.items():
            told = numbers.get(pid)
            # Where nobody says how much it maps, or its files were late, it is looked at again.
            mapped = self._turn if told is None or known.late else told.virtual_bytes
            if known.maps.due(self._turn, mapped, _WAIT_TURNS, at_least=1):
                due.append((pid not in first, known.maps.turn, pid, mapped))
        due.sort()
        real = is_procfs(self._proc)
        left = _TURN_BYTES
        end = time.monotonic() + _TURN_SECONDS
        for number, (_, _, pid, mapped) in enumerate(due):
            if number and (left <= 0 or time.monotonic() > end):
                break
            known = self._looked[pid]
            left -= self._examine(known, real=real)
            known.maps.note(self._turn, mapped)

    def _examine(self, known: Looked, *, real: bool) -> int:
        """Look at one process; return what that cost."""
        place = folder_of(self._proc, known.identity)
        try:
            size = self._examiner.examine(known, place, real=real)
            known.denied = False
            if known.cut:
                self._tally.add(Call("workload", "maps", "EFBIG"))
            if known.late:
                self._tally.add(Call("workload", "files", "late"))
            pid = known.identity.pid
            if (
                works(known)
                and read_start_ticks(None, f"{self._proc}/{pid}/stat") != known.identity.start_ticks
            ):
                del self._looked[pid]  # another process bears the pid now
        except (OSError, ValueError) as error:
            self._fail(known, error)
            return 0
        return size

    def _fail(self, known: Looked, error: OSError | ValueError) -> None:
        told = code(error) if isinstance(error, OSError) else "malformed"
        known.denied = getattr(error, "errno", None) in _DENIED
        if told:
            self._tally.add(Call("workload", "maps", told))


def _same(one: ProcessIdentity, other: ProcessIdentity) -> bool:
    """Say whether two readings are of one program image."""
    return (
        one.start_ticks == other.start_ticks
        and one.executable == other.executable
        and one.command_hash == other.command_hash
    )
