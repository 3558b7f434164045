"""Processes of AI workloads as files: what they map, run and hold, and the roots they stand in."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

from aisec_daemon.host.errors import UnreadableError
from aisec_daemon.host.host import Host
from aisec_daemon.host.proc.processes import Processes
from aisec_daemon.host.tally import Tally
from tests.host.proc.tree import KEY, Tree

SITE = "/opt/venv/lib/python3.11/site-packages"


def loaded(*paths: str, rights: str = "r-xp") -> str:
    """Return maps that hold these files."""
    lines = [
        f"7f00{at:08x}-7f00{at + 4096:08x} {rights} 00000000 fe:00 9    {path}\n"
        for at, path in zip(range(0, 1 << 30, 8192), paths, strict=False)
    ]
    return "".join(lines)


class Gpus:
    """Stands for NVML: which pids are on GPU-a, or an error."""

    def __init__(self) -> None:
        self.pids: tuple[int, ...] | None = ()

    def read(self):
        if self.pids is None:
            raise UnreadableError("nvml", "no driver")
        listed = [SimpleNamespace(pid=pid, numbers=(1e9,)) for pid in self.pids]
        identity = SimpleNamespace(uuid="GPU-a")
        return SimpleNamespace(gpus=[SimpleNamespace(processes=listed, identity=identity)])


class Node:
    """A node that can be changed; `again` lets time go by and tells what is found then."""

    def __init__(self, folder: Path) -> None:
        self.tree = Tree(folder)
        self.tally = Tally()
        self.gpus = Gpus()
        self.processes = Processes(self.tree.root, self.tally, KEY, connector=False)
        self.host = Host(self.tree.root, self.tally, self.gpus, self.processes)

    def add(
        self,
        pid: int,
        maps: str = "",
        argv: tuple[str, ...] = ("app",),
        exe: str = "/usr/bin/app",
        holds: tuple[str, ...] = (),
        mapped_bytes: int = 0,
        **more,
    ) -> Path:
        """Add a process; return its folder."""
        self.tree.add(pid, argv="\0".join(argv) + "\0", **more)
        folder = self.tree.proc / str(pid)
        (folder / "exe").unlink()
        (folder / "exe").symlink_to(exe)
        (folder / "maps").write_text(maps)
        (folder / "environ").write_text("")
        (folder / "cwd").symlink_to("/app")
        for part in ("fd", "fdinfo", "root", "net"):
            (folder / part).mkdir()
        for number, target in enumerate(holds):
            (folder / f"fd/{number}").symlink_to(target)
        return folder

    def python(self, pid: int, *argv: str, maps: str = "", **more) -> Path:
        """Add a process of Python in a virtual environment."""
        standard = loaded("/usr/bin/python3.11", "/usr/lib/python3.11/lib-dynload/_ssl.so")
        return self.add(
            pid,
            standard + maps,
            ("/opt/venv/bin/python", *argv),
            **{"exe": "/usr/bin/python3.11", **more},
        )

    def maps(self, pid: int, maps: str, mapped_bytes: int) -> None:
        """Have a process map something else, as its stat tells."""
        (self.tree.proc / f"{pid}/maps").write_text(maps)
        stat = self.tree.proc / f"{pid}/stat"
        words = stat.read_text().split()
        words[22] = str(mapped_bytes)
        stat.write_text(" ".join(words) + "\n")

    def again(self) -> dict[int, object]:
        """Return the workloads of the next turn, by pid."""
        self.processes.scan()
        self.host.programs._members_at = self.host.workloads._at = -1e9
        return {each.identity.pid: each for each in self.host.workloads.read()}

    def assets(self) -> list:
        """Return the assets of the next turn."""
        self.again()
        return self.host.workloads.assets()


def install(
    folder: Path, name: str, version: str, *scripts: str, site: str = SITE, module: str = ""
) -> Path:
    """Install a distribution below the root of a process; return its dist-info."""
    base = folder / "root" / site.lstrip("/")
    info = base / f"{name.replace('-', '_')}-{version}.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n\nx")
    entries = "".join(f"{script} = {name}.app:main\n" for script in scripts)
    (info / "entry_points.txt").write_text(f"[console_scripts]\n{entries}\n[other]\nx = y:z\n")
    (base / (module or name.replace("-", "_"))).mkdir(exist_ok=True)
    for script in scripts:
        file = base.parents[2] / "bin" / script
        file.parent.mkdir(exist_ok=True)
        file.write_text("#!/opt/venv/bin/python\n")
    return info
