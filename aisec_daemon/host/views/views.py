"""All views of the processes, side by side."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

from aisec_daemon.host.errors import UnreadableError
from aisec_daemon.host.views import cgroups, mounts
from aisec_daemon.host.views.direct import Sight, look
from aisec_daemon.host.views.kernel import Answer, Probe, best_probe
from aisec_daemon.host.views.listing import list_raw, list_with_libc
from aisec_daemon.host.views.namespace import read_namespace
from aisec_daemon.host.views.preload import read_preloads
from aisec_daemon.host.views.suspects import Memory, Suspect
from aisec_daemon.host.views.sweep import Sweep, parse_newest
from aisec_daemon.host.views.turn import Turn, View

_GROUPS_MAX = 8192
_EXAMINED_MAX = 4096
_LOOK_COST = 16  # a number that may be a thread costs as much as this many others


@dataclass(frozen=True)
class Reading:
    """Every view by name, suspects, libraries with the calls they answer, and how many turns."""

    views: dict[str, View]
    suspects: tuple[Suspect, ...]
    libraries: dict[str, tuple[str, ...]]
    turns: int


class Views:
    """Compares all views of the processes below `root`/proc; one caller at a time.

    `probe` asks the kernel about a number.
    """

    def __init__(self, root: Path, probe: Probe | None = None) -> None:
        self._root = root
        self._proc = root / "proc"
        self._probe = probe or best_probe()
        self._sweep = Sweep()
        self._memory = Memory()
        self._lacks: dict[str, int] = {}
        self._turns = 0

    def read(
        self,
        gpu_pids: Collection[int] | None,
        heard: Collection[int] | None,
        sweep_pids: int,
    ) -> Reading:
        """Compare; UnreadableError if /proc cannot be listed, or hides processes by design.

        `gpu_pids` are those that NVML lists, None where it has no GPU; `heard` those that the
        process connector told of since the last turn, None where there is none; `sweep_pids` how
        many numbers are tried.
        """
        turn = Turn(read_namespace(self._proc))
        turn.show(self._listings(turn))
        self._read_mounts(turn)
        if turn.namespace.ours:
            self._read_groups(turn)
            self._take_heard(turn, heard)
            self._ask_kernel(turn, sweep_pids)
        _compare_gpus(turn, gpu_pids)
        suspects = self._memory.take(self._disagreements(turn), monotonic())
        self._turns += 1
        self._count(turn)
        return Reading(turn.views, suspects, read_preloads(self._root), self._turns)

    def _listings(self, turn: Turn) -> dict[str, frozenset[int]]:
        """List /proc both ways."""
        try:
            listed = {"listing": list_with_libc(self._proc)}
        except OSError as error:
            raise UnreadableError(
                "proc", f"{self._proc} cannot be listed: {error.strerror}"
            ) from error
        try:
            listed["raw_listing"] = list_raw(self._proc)
        except (OSError, ValueError) as error:
            turn.views["raw_listing"].lack = f"/proc cannot be listed past libc: {error}"
        return listed

    def _disagreements(self, turn: Turn) -> list[Suspect]:
        """Examine whoever is not known to all; then list once more, for the sake of the newborn."""
        before = self._memory.pids
        pids = sorted(
            turn.claims.keys() | turn.covers.keys() | before, key=lambda p: p not in before
        )
        if len(pids) > _EXAMINED_MAX:
            lack = f"{len(pids)} processes are disagreed on, {_EXAMINED_MAX} of them were examined"
            turn.views["proc"].lack = lack
        suspects = [s for pid in pids[:_EXAMINED_MAX] if (s := self._examine(turn, pid))]
        if not suspects:
            return []
        turn.show_again(self._listings(turn))
        return [s for first in suspects if (s := self._examine(turn, first.pid))]

    def _read_mounts(self, turn: Turn) -> None:
        """Find what is mounted over processes, and whether others' are hidden from us."""
        try:
            turn.covers = {cover.pid: cover for cover in mounts.read_covers(self._root)}
            hidepid = mounts.read_hidepid(self._root)
        except OSError as error:
            turn.views["mounts"].lack = f"the mounts cannot be read: {error}"
            return
        turn.views["mounts"].known = len(turn.covers)
        if mounts.hides(hidepid) and not (self._proc / "1").exists():
            raise UnreadableError(
                "proc",
                f"{self._proc} is mounted with hidepid={hidepid} and this daemon lacks "
                "CAP_SYS_PTRACE: other users' processes are not seen, hidden or not",
            )

    def _read_groups(self, turn: Turn) -> None:
        view = turn.views["cgroup"]
        places = cgroups.hierarchies(self._root)
        if not places:
            return
        try:
            turn.groups, view.lack = cgroups.read_members(places[0], _GROUPS_MAX)
        except OSError as error:
            view.lack = f"control groups cannot be read: {error}"
            return
        turn.claim("cgroup", turn.groups, len(turn.groups))

    def _take_heard(self, turn: Turn, heard: Collection[int] | None) -> None:
        """Take those of whom the connector told, if they still live."""
        if heard is not None:
            alive = [pid for pid in heard if self._probe(pid) is not Answer.GONE]
            turn.claim("connector", alive, len(heard))

    def _ask_kernel(self, turn: Turn, count: int) -> None:
        """Try numbers that no listing shows; threads answer too and are left out."""
        try:
            pid_max = int((self._proc / "sys/kernel/pid_max").read_bytes())
            newest = parse_newest((self._proc / "loadavg").read_bytes())
        except (OSError, ValueError) as error:
            turn.views["kernel"].lack = f"the range of pids cannot be read: {error}"
            return
        found = []
        probe, everywhere, gone = self._probe, turn.everywhere, Answer.GONE
        numbers = self._sweep.numbers(count, newest, pid_max)
        for tried, number in enumerate(numbers, start=1):  # thousands, of which hardly one answers
            if number in everywhere or (answer := probe(number)) is gone:
                continue
            if answer is Answer.ALIVE:
                count -= _LOOK_COST
                if look(self._proc, number).sight is Sight.THREAD:
                    answer = Answer.THREAD
            if answer in {Answer.PROCESS, Answer.ALIVE}:
                found.append(number)
            if count <= 0:
                self._sweep.rewind(len(numbers) - tried)
                break
        turn.claim("kernel", found, len(found))

    def _examine(self, turn: Turn, pid: int) -> Suspect | None:
        """Ask everyone about one pid."""
        asks = turn.namespace.ours
        before = self._probe(pid) if asks else Answer.GONE
        seen = look(self._proc, pid)
        after = self._probe(pid) if asks else Answer.GONE
        if Answer.THREAD in {before, after}:
            return None
        alive = Answer.GONE not in {before, after}
        return turn.suspect(pid, seen, alive=alive)

    def _count(self, turn: Turn) -> None:
        """Count for how many turns each view has lacked something."""
        for name, view in turn.views.items():
            view.runs = self._lacks.get(name, 0) + 1 if view.lack else 0
            self._lacks[name] = view.runs


def _compare_gpus(turn: Turn, pids: Collection[int] | None) -> None:
    """Compare NVML's pids where they mean the same as ours; 0 is one that it could not tell."""
    namespace = turn.namespace
    if pids is None or not namespace.live:
        return
    if namespace.ours and namespace.host:
        turn.claim("nvml", [pid for pid in pids if pid > 0], len(pids))
        return
    turn.views["nvml"].lack = (
        "this daemon does not see the host's processes, only those of a pid namespace: those on "
        "GPUs cannot be told from hidden ones (run it with the host's pid namespace: docker run "
        "--pid host, Kubernetes hostPID: true)"
    )
