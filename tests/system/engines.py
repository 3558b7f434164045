"""Podman and containerd with all that they keep below one folder, and groups of our own making."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import tarfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from aisec_daemon.host.views.cgroups import hierarchies
from tests.system.containers import BUSYBOX

_LIMITS = ("--ulimit", "nofile=1024:1024", "--ulimit", "nproc=1024:1024")  # may not be raised here


def named(text: str) -> str:
    """Return an id like those of containers."""
    return hashlib.sha256(text.encode()).hexdigest()


class Podman:
    """Podman below `root`, with runc and control groups of its own making."""

    def __init__(self, root: Path) -> None:
        self._stores = root / "var/lib/containers/storage", root / "run/containers/storage"
        self._started: list[str] = []

    def load(self, image: str) -> None:
        """Make an image of one program."""
        made = self._stores[0].parent / "rootfs.tar"
        made.parent.mkdir(parents=True, exist_ok=True)
        with tarfile.open(made, "w") as archive:
            archive.add(BUSYBOX, "bin/sleep")
        self.run("import", str(made), image)

    def start(self, image: str, *options: str) -> tuple[str, int]:
        """Start a container; return its id and its pid."""
        container = self.run(
            *("run", "--detach", "--network=none", *_LIMITS, *options, image, "/bin/sleep", "600")
        )
        self._started.append(container)
        return container, int(self.run("inspect", "-f", "{{.State.Pid}}", container))

    def run(self, *arguments: str) -> str:
        """Run a command; return the last line of what it said."""
        graph, volatile = map(str, self._stores)
        command = ["podman", "--root", graph, "--runroot", volatile, "--storage-driver=vfs"]
        command += ["--cgroup-manager=cgroupfs", "--runtime=runc", "--log-level=error"]
        done = subprocess.run(
            [*command, *arguments], capture_output=True, text=True, check=False, timeout=60
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip().rpartition("\n")[2]

    def end(self) -> None:
        """End all containers."""
        if self._started:
            self.run("rm", "--force", "--time=0", "--ignore", *self._started)


class Containerd:
    """Containerd below `root`, asked as the kubelet's plug-in would."""

    def __init__(self, root: Path, folder: Path) -> None:
        self._socket = folder / "containerd.sock"
        self._started: list[str] = []
        settings = folder / "config.toml"
        settings.write_text(
            f'version = 2\nroot = "{root}/var/lib/containerd"\nstate = "{root}/run/containerd"\n'
            'disabled_plugins = ["io.containerd.grpc.v1.cri"]\n'
            f'[grpc]\naddress = "{self._socket}"\n'
        )
        self._log = (folder / "containerd.log").open("wb")
        self._daemon = subprocess.Popen(
            ["containerd", "--config", str(settings)], stdout=self._log, stderr=self._log
        )
        until = time.monotonic() + 20
        while not self._socket.exists():
            assert time.monotonic() < until, (folder / "containerd.log").read_text()
            time.sleep(0.05)

    def start(self, container: str, group: str, image: str) -> int:
        """Start a container in a group with the annotation that CRI gives it; return its pid."""
        annotation = f"io.kubernetes.cri.image-name={image}"
        options = ["--detach", "--snapshotter=native", "--cgroup", group, "--annotation"]
        self._ctr("run", *options, annotation, image, container, "/bin/sleep", "600")
        self._started.append(container)
        rows = [line.split() for line in self._ctr("task", "ls").splitlines()]
        return next(int(row[1]) for row in rows if row[0] == container)

    def load(self, archive: Path) -> None:
        """Load an image that was saved."""
        self._ctr("image", "import", "--snapshotter=native", str(archive))

    def end(self) -> None:
        """End all containers, and the daemon."""
        for container in self._started:
            self._ctr("task", "rm", "--force", container)
        self._daemon.terminate()
        self._daemon.wait(20)
        self._log.close()

    def _ctr(self, *arguments: str) -> str:
        command = ["ctr", "--address", str(self._socket), "--namespace", "k8s.io"]
        done = subprocess.run(
            [*command, *arguments], capture_output=True, text=True, check=False, timeout=60
        )
        assert done.returncode == 0, done.stderr
        return done.stdout


@contextmanager
def engines(folder: Path) -> Iterator[tuple[Path, Podman, Containerd]]:
    """Yield the root below which both keep their files, and both."""
    root = folder / "root"
    root.mkdir()
    podman, containerd = Podman(root), Containerd(root, folder)
    try:
        yield root, podman, containerd
    finally:
        try:
            podman.end()
        finally:
            containerd.end()
            shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def group_made(group: str) -> Iterator[list[str]]:
    """Make a control group; yield what runs a command in it."""
    folder = Path(f"{hierarchies(Path('/'))[0]}{group}")
    made = [each for each in (folder, *folder.parents) if not each.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    try:
        yield ["/bin/sh", "-c", f'echo $$ > "{folder}/cgroup.procs" && exec "$@"', "sh"]
    finally:
        for each in made:
            each.rmdir()


@contextmanager
def in_group(group: str) -> Iterator[int]:
    """Start a program in a control group of our own making; yield its pid."""
    with group_made(group) as enter, subprocess.Popen([*enter, "sleep", "600"]) as program:
        try:
            until = time.monotonic() + 10
            while Path(f"/proc/{program.pid}/cmdline").read_bytes() != b"sleep\x00600\x00":
                assert time.monotonic() < until
                time.sleep(0.01)
            yield program.pid
        finally:
            program.kill()
            program.wait()
