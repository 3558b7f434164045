"""A /proc made of small files, for tests that need one to change."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from aisec_daemon.host.proc.processes import Processes
from aisec_daemon.host.proc.scan import Scan
from aisec_daemon.host.tally import Tally

BOOT = 1_700_000_000
KEY = b"a key of sixteen"


def descriptors() -> int:
    """How many are open."""
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


@contextmanager
def opened(root: Path, tally: Tally | None = None, **settings: int) -> Iterator[Processes]:
    processes = Processes(root, tally or Tally(), KEY, **{"connector": False} | settings)
    try:
        yield processes
    finally:
        processes.close()


def names(scan: Scan) -> dict[int, str]:
    return {identity.pid: identity.name for identity in scan.identities}


class Tree:
    """Processes as files below `root`; what a method does not name stays as it was."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.proc = root / "proc"
        self.proc.mkdir()
        (root / "etc").mkdir()
        (root / "etc" / "passwd").write_text(
            "root:x:0:0::/:/bin/sh\nalice:x:1000:1000::/:/bin/sh\n"
        )
        (self.proc / "stat").write_text(f"cpu 1 2 3\nbtime {BOOT}\n")

    def add(
        self, pid: int, name: str = "python", argv: str = "python\0x.py\0", **stat: int
    ) -> None:
        folder = self.proc / str(pid)
        folder.mkdir()
        (folder / "cmdline").write_text(argv)
        (folder / "status").write_text(f"Name:\t{name}\nUid:\t1000\t1000\t1000\t1000\n")
        (folder / "cgroup").write_text("0::/system.slice/a.service\n")
        (folder / "loginuid").write_text("4294967295")
        (folder / "exe").symlink_to("/usr/bin/python3")
        self.stat(pid, name, **stat)

    def stat(self, pid: int, name: str = "python", **fields: int | str) -> None:
        line = stat_fields(**fields)
        (self.proc / str(pid) / "stat").write_text(f"{pid} ({name}) {line}\n")

    def remove(self, pid: int) -> None:
        shutil.rmtree(self.proc / str(pid))


def stat_fields(
    state: str = "S",
    parent: int = 1,
    flags: int = 0,
    ticks: int = 200,
    threads: int = 3,
    start: int = 1000,
    pages: int = 10,
    code: int = 4096,
    arguments: int = 8192,
    virtual: int = 1 << 24,
) -> str:
    """What stands behind the name in /proc/PID/stat."""
    fields = {3: state, 4: parent, 9: flags, 14: ticks, 15: 0, 20: threads, 22: start}
    fields |= {23: virtual, 24: pages, 26: code, 48: arguments}
    return " ".join(str(fields.get(number, 0)) for number in range(3, 53))
