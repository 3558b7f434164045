"""Containers as runc starts them, each in a configuration that is known."""

from __future__ import annotations

import json
import random
import shutil
import socket
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

BUSYBOX = "/bin/busybox"
DOCKER_DEFAULT = (
    *("chown", "dac_override", "fsetid", "fowner", "mknod", "net_raw", "setgid", "setuid"),
    *("setfcap", "setpcap", "net_bind_service", "sys_chroot", "kill", "audit_write"),
)
SUBORDINATE = 100_000
_NAMESPACES = {"net": "network"} | {n: n for n in ("pid", "ipc", "uts", "user", "cgroup")}
_MOUNTS = (
    {"destination": "/proc", "type": "proc", "source": "proc"},
    {"destination": "/dev", "type": "tmpfs", "source": "tmpfs", "options": ["mode=755"]},
)


@dataclass(frozen=True)
class Configuration:
    """One container as it is asked for; a limit of 0 is none."""

    capabilities: tuple[str, ...] = ()
    ambient: bool = False  # a user keeps them, too
    no_new_privileges: bool = True
    uid: int = 0
    read_only: bool = False
    memory_bytes: int = 0
    cpu_percent: int = 0
    pids: int = 0
    seccomp: bool = False
    host: frozenset[str] = frozenset()  # namespaces that it shares
    docker_socket: bool = False
    mounts: Mapping[str, str] = field(default_factory=dict)  # folder of the host: ro or rw
    gpus: int = 0
    block: bool = False
    fuse: bool = False


def drawn(seed: int, every: tuple[str, ...]) -> Configuration:
    """Draw a configuration; `every` are all capabilities there are."""
    draw = random.Random(seed)
    some = tuple(draw.sample(every, draw.randint(1, 6)))
    host = {name for name in ("net", "pid", "ipc", "uts", "cgroup") if draw.random() < 0.3}
    own_users = draw.random() < 0.2
    if own_users:
        host.discard("net")  # whose sysfs and network it could not configure
    mounts = {}
    if draw.random() < 0.4:
        mounts[draw.choice(["/etc", "/", "/root", "/usr", "/var/lib"])] = draw.choice(["ro", "rw"])
    return Configuration(
        capabilities=draw.choice([(), some, DOCKER_DEFAULT, every]),
        ambient=draw.random() < 0.3,
        no_new_privileges=draw.random() < 0.5,
        uid=draw.choice([0, 0, 1000]),
        read_only=draw.random() < 0.4,
        memory_bytes=draw.choice([0, 64 << 20, 1 << 30]),
        cpu_percent=draw.choice([0, 50, 150]),
        pids=draw.choice([0, 64, 4096]),
        seccomp=draw.random() < 0.5,
        host=frozenset(host) | (frozenset() if own_users else {"user"}),
        docker_socket=draw.random() < 0.2,
        mounts=mounts,
        gpus=0 if own_users else draw.choice([0, 0, 1, 8]),
        block=not own_users and draw.random() < 0.15,
        fuse=not own_users and draw.random() < 0.15,
    )


class Runtime:
    """Starts containers below a folder, and ends them all."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._started: list[str] = []
        folder.chmod(0o755)
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.bind(str(folder / "docker.sock"))
        self.rootfs = folder / "rootfs"
        for name in ("bin", "proc", "dev", "host", "run", "tmp"):
            (self.rootfs / name).mkdir(parents=True)
        shutil.copy(BUSYBOX, self.rootfs / "bin/sleep")

    def start(self, name: str, asked: Configuration) -> tuple[int, str]:
        """Start one; return its pid, or 0 and why it was refused."""
        bundle = self._folder / name
        bundle.mkdir()
        (bundle / "config.json").write_text(json.dumps(self._spec(name, asked)))
        pidfile = bundle / "pid"
        self._started.append(name)
        command = ["run", "--detach", "--pid-file", str(pidfile), "--bundle", str(bundle), name]
        with (bundle / "errors").open("wb") as errors:
            done = self._runc(*command, stdin=subprocess.DEVNULL, stdout=errors, stderr=errors)
        if done.returncode:
            return 0, (bundle / "errors").read_text().strip()
        return int(pidfile.read_text()), ""

    def execute(self, name: str, uid: int, capabilities: tuple[str, ...]) -> int:
        """Start one process more in a container; return its pid."""
        pidfile = self._folder / name / "pid-more"
        added = [f"--cap=CAP_{each.upper()}" for each in capabilities]
        command = ["exec", "--detach", "--pid-file", str(pidfile), "--user", str(uid), *added]
        done = self._runc(*command, name, "/bin/sleep", "600", stdin=subprocess.DEVNULL)
        assert done.returncode == 0
        return int(pidfile.read_text())

    def end(self) -> None:
        """End all, and their groups."""
        for name in self._started:
            self._runc("delete", "--force", name, capture_output=True)
        self._socket.close()

    def _runc(self, *arguments: str, **more: Any) -> subprocess.CompletedProcess[bytes]:
        state = str(self._folder / "state")
        command = ["runc", "--root", state, *arguments]
        return subprocess.run(command, check=False, timeout=30, **more)

    def _spec(self, name: str, asked: Configuration) -> dict[str, Any]:
        names = [f"CAP_{each.upper()}" for each in asked.capabilities]
        sets = ["bounding", "effective", "permitted", "inheritable", *["ambient"] * asked.ambient]
        namespaces = [kind for own, kind in _NAMESPACES.items() if own not in asked.host]
        return {
            "ociVersion": "1.0.2",
            "root": {"path": str(self.rootfs), "readonly": asked.read_only},
            "process": {
                "terminal": False,
                "user": {"uid": asked.uid, "gid": 0},
                "args": ["/bin/sleep", "600"],
                "cwd": "/",
                "capabilities": dict.fromkeys(sets, names),
                "noNewPrivileges": asked.no_new_privileges,
            },
            "mounts": self._mounts(asked),
            "linux": {
                "namespaces": [{"type": kind} for kind in ["mount", *namespaces]],
                "resources": _resources(asked),
                "cgroupsPath": f"/{name}",
                "devices": _devices(asked),
                **(_mappings() if "user" not in asked.host else {}),
                **({"seccomp": _SECCOMP} if asked.seccomp else {}),
            },
        }

    def _mounts(self, asked: Configuration) -> list[dict[str, Any]]:
        found = [dict(each) for each in _MOUNTS]
        for place, mode in asked.mounts.items():
            found.append(_bind(place, f"/host{place}", mode))
        if asked.docker_socket:
            found.append(_bind(str(self._folder / "docker.sock"), "/run/engine", "rw"))
        return found


_SECCOMP = {
    "defaultAction": "SCMP_ACT_ALLOW",
    "syscalls": [{"names": ["kexec_load"], "action": "SCMP_ACT_ERRNO"}],
}


def _bind(source: str, target: str, mode: str) -> dict[str, Any]:
    return {"destination": target, "type": "bind", "source": source, "options": ["bind", mode]}


def _mappings() -> dict[str, Any]:
    ids = [{"containerID": 0, "hostID": SUBORDINATE, "size": 65536}]
    return {"uidMappings": ids, "gidMappings": ids}


def _resources(asked: Configuration) -> dict[str, Any]:
    found: dict[str, Any] = {"devices": [{"allow": True, "access": "rwm"}]}
    if asked.memory_bytes:
        found["memory"] = {"limit": asked.memory_bytes}
    if asked.cpu_percent:
        found["cpu"] = {"quota": asked.cpu_percent * 1000, "period": 100_000}
    if asked.pids:
        found["pids"] = {"limit": asked.pids}
    return found


def _devices(asked: Configuration) -> list[dict[str, Any]]:
    nodes = [(f"nvidia{minor}", "c", 195, minor) for minor in range(asked.gpus)]
    nodes += [("nvidiactl", "c", 195, 255)] if asked.gpus else []
    nodes += [("innocent", "b", 8, 0)] if asked.block else []
    nodes += [("fuse", "c", 10, 229)] if asked.fuse else []
    return [
        {"path": f"/dev/{name}", "type": kind, "major": major, "minor": minor, "fileMode": 0o666}
        for name, kind, major, minor in nodes
    ]


@contextmanager
def runtime(folder: Path) -> Iterator[Runtime]:
    """Yield a runtime whose containers are ended in the end, whatever happens."""
    made = Runtime(folder)
    try:
        yield made
    finally:
        made.end()
