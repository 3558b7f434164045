"""A copy of this machine to try things on: mounts and a cgroup of its own, gone without a trace."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import IO, Any

HERE = Path(__file__).parent
CHECKOUT = HERE.parents[1]
_PASSED_ON = ("PIP_", "SSL_", "REQUESTS_", "http_", "https_", "HTTP", "no_proxy", "NO_PROXY")


def environment() -> dict[str, str]:
    """What a root shell has, and how pip reaches its index from here."""
    passed_on = {k: v for k, v in os.environ.items() if k.startswith(_PASSED_ON)}
    return {
        "PATH": "/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "HOME": "/root",
        "LANG": "C.UTF-8",
        **passed_on,
    }


class Stage:
    """Holds mounts made by stage.sh; `root` is the copy as a process on the stage sees it."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "root"
        self._cgroup = f"aisec-test-{os.getpid()}"
        command = ["unshare", "--mount", "sh", HERE / "stage.sh", folder, CHECKOUT]
        self._holder = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self._holder.stdout is not None
        assert self._holder.stdout.readline() == "staged\n"

    def start(self, cgroup: str, *command: Any, output: IO[str]) -> subprocess.Popen[str]:
        """Start a program on the stage, in a cgroup of that name."""
        folder = f"/sys/fs/cgroup/{self._cgroup}/{cgroup}"
        join = f'mkdir -p {folder} && echo $$ >{folder}/cgroup.procs && exec "$@"'
        return subprocess.Popen(
            [*self._enter(), "sh", "-c", join, "sh", *map(str, command)],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=environment(),
            text=True,
        )

    def run(self, *command: Any) -> None:
        """Run a program on the stage."""
        subprocess.run([*self._enter(), *map(str, command)], check=True)

    def close(self) -> None:
        """Leave nothing: the cgroups are removed, the mounts go with their holder."""
        folder = f"/sys/fs/cgroup/{self._cgroup}"
        remove = f"! [ -d {folder} ] || find {folder} -depth -type d -exec rmdir {{}} ';'"
        done = subprocess.run([*self._enter(), "sh", "-c", remove], check=False)
        self._holder.kill()
        self._holder.communicate()
        assert done.returncode == 0

    def _enter(self) -> list[str]:
        return ["nsenter", "--target", str(self._holder.pid), "--mount"]
