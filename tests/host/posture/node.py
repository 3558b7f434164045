"""A node made of files, with workloads whose posture a test chooses."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

from aisec_daemon.host.container.images import Images
from aisec_daemon.host.errors import UnreadableError
from aisec_daemon.host.posture.postures import Postures
from aisec_daemon.host.proc.processes import Processes
from aisec_daemon.host.tally import Tally
from aisec_daemon.host.workload.workload import Workload
from tests.host.proc.tree import KEY, Tree

ID = "4f5a6b7c8d9e0f1a2b3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d5e6f708192"
NAMESPACES = {
    "net": 4026531840,
    "pid": 4026531836,
    "ipc": 4026531839,
    "uts": 4026531838,
    "user": 4026531837,
    "cgroup": 4026531835,
    "mnt": 4026531841,
}
ALL = "000001ffffffffff"
HOST_MOUNTS = """22 1 8:1 / / rw - ext4 /dev/sda1 rw
24 22 0:21 / /proc rw - proc proc rw
26 22 0:6 / /dev rw - devtmpfs udev rw
28 22 0:25 / /run rw - tmpfs tmpfs rw
"""
CONTAINER_MOUNTS = """900 800 0:55 / / rw - overlay overlay rw
901 900 0:60 / /proc rw - proc proc rw
902 900 0:61 / /dev rw - tmpfs tmpfs rw
"""


class Node:
    """A tree, its reader, and the workloads that are on it."""

    def __init__(self, root: Path) -> None:
        self.tree = Tree(root)
        self.tally = Tally()
        self.gpus: list[SimpleNamespace] | None = []
        self.workloads: list[Workload] = []
        self.add(1, name="systemd", cgroup="0::/init.scope", workload=False, mounts=HOST_MOUNTS)
        self.processes = Processes(root, self.tally, KEY, connector=False)
        self.images = Images(root, self.tally)
        self.postures = Postures(
            root, SimpleNamespace(read=self._members), SimpleNamespace(read=self._nvml), self.tally
        )

    def add(
        self,
        pid: int,
        *,
        name: str = "python",
        uid: int = 0,
        effective: str = ALL,
        bounding: str = ALL,
        no_new_privileges: int = 0,
        seccomp: int = 0,
        uid_map: str = "0 0 4294967295",
        cgroup: str = "0::/a.service",
        own: tuple[str, ...] = (),
        mounts: str | None = None,
        workload: bool = True,
        asset: str = "asset",
        **stat: int,
    ) -> None:
        """Add a process; `own` are the namespaces that it does not share with the host."""
        self.tree.add(pid, name, **stat)
        folder = self.tree.proc / str(pid)
        (folder / "status").write_text(
            f"Name:\t{name}\nUid:\t{uid}\t{uid}\t{uid}\t{uid}\nCapPrm:\t{effective}\n"
            f"CapEff:\t{effective}\nCapBnd:\t{bounding}\nNoNewPrivs:\t{no_new_privileges}\n"
            f"Seccomp:\t{seccomp}\n"
        )
        (folder / "uid_map").write_text(uid_map + "\n")
        (folder / "cgroup").write_text(cgroup + "\n")
        (folder / "ns").mkdir()
        for space, inode in NAMESPACES.items():
            number = inode + 1000 + pid if space in own else inode
            (folder / "ns" / space).symlink_to(f"{space}:[{number}]")
        if mounts is not None:
            (folder / "mountinfo").write_text(mounts)
        if workload:
            self.workloads.append(SimpleNamespace(pid=pid, asset=asset))

    def contain(self, pid: int, container: str = ID, mounts: str = CONTAINER_MOUNTS, **more):
        """Add a process in a container."""
        own = more.pop("own", ("pid", "ipc", "uts", "net", "mnt"))
        self.add(pid, cgroup=f"0::/docker/{container}", own=own, mounts=mounts, **more)

    def read(self):
        """Read, and return postures by subject."""
        return {each.first.container or each.asset: each for each in self.postures.read().postures}

    def later(self, seconds: float = 61.0) -> None:
        """Let what was read become old."""
        reader = self.postures
        for known in (*reader._statuses.values(), *reader._groups.values()):
            known.at -= seconds
        reader._host_at -= seconds
        reader._node_at -= 11 * seconds

    def _members(self) -> list[Workload]:
        found = [(self.processes.lookup(each.pid), each.asset) for each in self.workloads]
        return [
            Workload(who, asset, on_gpu=True, libraries=frozenset())
            for who, asset in found
            if who is not None
        ]

    def _nvml(self):
        if self.gpus is None:
            raise UnreadableError("nvml", "no driver")
        return SimpleNamespace(gpus=self.gpus)


def gpu(uuid: str, *pids: int, parent: str = "", on: float = 1.0) -> SimpleNamespace:
    """A GPU, or with a parent a MIG instance, that lists these pids."""
    kind = "mig" if parent else "gpu"
    return SimpleNamespace(
        identity=SimpleNamespace(kind=kind, parent=parent, uuid=uuid),
        processes=[SimpleNamespace(pid=pid) for pid in pids],
        numbers=[on] * 100,
    )
