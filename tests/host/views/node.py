"""A node of small files, and a kernel that answers as it is told."""

from __future__ import annotations

import os
from pathlib import Path

from aisec_daemon.host.views.kernel import Answer
from aisec_daemon.host.views.views import Reading, Views

KERNEL_THREAD = 0x00200000


class Node:
    """Processes below `root`; `alive` is what the kernel knows, `groups` what cgroups hold."""

    def __init__(self, root: Path, *, host: bool = True) -> None:
        self.root = root
        self.alive: dict[int, Answer] = {}
        (root / "proc/sys/kernel").mkdir(parents=True)
        (root / "proc/self").symlink_to(str(os.getpid()))
        (root / "proc/sys/kernel/pid_max").write_text("4096\n")
        (root / "proc/loadavg").write_text("0 0 0 1/1 50\n")
        self.group("", [])
        self.add(1, "init")
        if host:
            self.add(2, "kthreadd", flags=KERNEL_THREAD)
        self.views = Views(root, self.probe)

    def probe(self, pid: int) -> Answer:
        return self.alive.get(pid, Answer.GONE)

    def add(self, pid: int, name: str = "python", *, start: int = 7, flags: int = 0) -> None:
        self.alive[pid] = Answer.PROCESS
        self.show(pid, name, start=start, flags=flags)

    def show(self, pid: int, name: str = "python", *, start: int = 7, flags: int = 0) -> None:
        folder = self.root / "proc" / str(pid)
        folder.mkdir()
        fields = {3: "S", 4: 1, 9: flags, 22: start}
        line = " ".join(str(fields.get(number, 0)) for number in range(3, 53))
        (folder / "stat").write_text(f"{pid} ({name}) {line}\n")
        (folder / "status").write_text(f"Name:\t{name}\nTgid:\t{pid}\n")

    def group(self, name: str, pids: list[int]) -> None:
        folder = self.root / "sys/fs/cgroup" / name
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "cgroup.procs").write_text("".join(f"{pid}\n" for pid in pids))

    def read(self, gpu_pids=None, heard=None, sweep: int = 100) -> Reading:
        return self.views.read(gpu_pids, heard, sweep)

    def lasting(self, *arguments, **keywords) -> dict:
        """Read twice; return who was disagreed on both times, by pid."""
        self.read(*arguments, **keywords)
        reading = self.read(*arguments, **keywords)
        return {suspect.pid: suspect for suspect in reading.suspects if suspect.runs == 2}
