"""A running systemd to give orders to: PID 1 of a container, or one in the first pid namespace."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from tests.systemd.stage import HERE, Stage, environment

_KEPT = (  # a machine's systemd has these; systemd-nspawn would take them
    "--capability=CAP_NET_ADMIN,CAP_BPF,CAP_SYS_RESOURCE",
    "--system-call-filter=bpf",  # DeviceAllow= is made of it
)


def eventually(what: Callable[[], object], seconds: float = 30.0) -> object:
    """Return the first true answer; fail if there is none in time."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        answer = what()
        if answer:
            return answer
        time.sleep(0.1)
    raise AssertionError(f"{what} was never true")


class Manager:
    """Runs programs where a systemd runs; `systemctl` is its own."""

    def __init__(
        self, process: subprocess.Popen[str], enter: Sequence[str], scope: str, units: str
    ) -> None:
        self.units = units
        self._process = process
        self._enter = enter
        self._systemctl = ("systemctl", scope, "--no-pager")

    def run(self, *command: object, text: str = "", check: bool = True) -> str:
        """Run a program there, which reads `text`; return what it said."""
        done = subprocess.run(
            [*self._enter, *map(str, command)],
            input=text,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=environment(),
            text=True,
            check=False,
        )
        assert done.returncode == 0 or not check, done.stdout
        return done.stdout

    def write(self, path: str, text: str) -> None:
        """Write a file there that everybody may read."""
        make = 'mkdir -p "${0%/*}" && cat >"$0" && chmod 0644 "$0"'
        self.run("sh", "-c", make, path, text=text)

    def drop_in(self, unit: str, text: str) -> None:
        """Add to a unit."""
        self.write(f"{self.units}/{unit}.service.d/test.conf", f"[Service]\n{text}")
        self.systemctl("daemon-reload")

    def systemctl(self, *arguments: str, check: bool = True) -> str:
        """Give an order to systemd."""
        return self.run(*self._systemctl, *arguments, check=check)

    def show(self, unit: str, key: str) -> str:
        """Return one property of a unit."""
        return self.systemctl("show", "--property", key, "--value", unit).strip()

    def close(self, seconds: float = 30.0) -> None:
        """End it as it wants to be ended."""
        self._process.terminate()
        self._process.wait(seconds)


def boot(stage: Stage, log: Path) -> Manager:
    """Start systemd as PID 1 of a container on the stage; it shares the network."""
    with log.open("w") as output:
        process = stage.start(
            "container",
            *("systemd-nspawn", f"--directory={stage.root}", "--machine=aisec-test", "--boot"),
            *("--register=no", "--keep-unit", "--console=pipe", "--link-journal=no"),
            *("--kill-signal=SIGRTMIN+3", *_KEPT),
            *("--", "systemd.unit=basic.target"),
            output=output,
        )
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    leader = str(eventually(lambda: _children(process, children, log))).split()[0]
    namespaces = ("--mount", "--uts", "--ipc", "--pid", "--cgroup")
    manager = Manager(
        process, ("nsenter", "--target", leader, *namespaces), "--system", "/run/systemd/system"
    )
    eventually(lambda: manager.systemctl("is-system-running", check=False).strip() == "running")
    return manager


def first(stage: Stage, log: Path) -> Manager:
    """Start a systemd in the first pid namespace; it has the same root as a container."""
    with log.open("w") as output:
        process = stage.start(
            "first",
            *("unshare", "--mount", "sh", HERE / "first_namespace.sh", stage.root),
            output=output,
        )
    runtime = "XDG_RUNTIME_DIR=/run/user-manager"
    enter = ("nsenter", "--target", str(process.pid), "--mount", "--root", "--wd=/")
    manager = Manager(
        process,
        (*enter, "env", runtime, "SYSTEMD_IGNORE_CHROOT=1"),
        "--user",
        "/run/user-manager/config/systemd/user",
    )
    eventually(lambda: manager.systemctl("is-system-running", check=False).strip() == "running")
    return manager


def _children(process: subprocess.Popen[str], file: Path, log: Path) -> str:
    assert process.poll() is None, log.read_text()
    return file.read_text()
