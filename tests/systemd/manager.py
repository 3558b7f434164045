"""A running systemd to give orders to: PID 1 of a container, or one in the first pid namespace."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
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

    def __init__(self, enter: Sequence[str], scope: str, units: str) -> None:
        self.units = units
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

    def running(self) -> bool:
        """Tell whether it has tried to start all that it starts at boot."""
        return self.systemctl("is-system-running", check=False).strip() in {"running", "degraded"}

    def show(self, unit: str, key: str) -> str:
        """Return one property of a unit."""
        return self.systemctl("show", "--property", key, "--value", unit).strip()


@contextmanager
def _ended(process: subprocess.Popen[str]) -> Iterator[None]:
    """End a systemd as it wants to be ended."""
    try:
        yield
    finally:
        process.terminate()
        process.wait(30)


@contextmanager
def boot(stage: Stage, log: Path) -> Iterator[Manager]:
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
    with _ended(process):
        leader = str(eventually(lambda: _systemd_below(process, log)))
        namespaces = ("--mount", "--uts", "--ipc", "--pid", "--cgroup")
        enter = ("nsenter", "--target", leader, *namespaces)
        manager = Manager(enter, "--system", "/run/systemd/system")
        eventually(manager.running)
        yield manager


@contextmanager
def first(stage: Stage, log: Path) -> Iterator[Manager]:
    """Start a systemd in the first pid namespace; it has the same root as a container."""
    with log.open("w") as output:
        process = stage.start(
            "first",
            *("unshare", "--mount", "sh", HERE / "first_namespace.sh", stage.root),
            output=output,
        )
    variables = ("env", "XDG_RUNTIME_DIR=/run/user-manager", "SYSTEMD_IGNORE_CHROOT=1")
    with _ended(process):
        enter = ("nsenter", "--target", str(process.pid), "--mount", "--root", "--wd=/", *variables)
        manager = Manager(enter, "--user", "/run/user-manager/config/systemd/user")
        eventually(manager.running)
        yield manager


def _systemd_below(process: subprocess.Popen[str], log: Path) -> str:
    """Return the pid of the container's systemd: systemd-nspawn has other children before."""
    assert process.poll() is None, log.read_text()
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    names = {child: Path(f"/proc/{child}/comm") for child in children}
    return next((c for c, name in names.items() if _text(name) == "systemd\n"), "")


def _text(file: Path) -> str:
    try:
        return file.read_text()
    except OSError:  # gone meanwhile
        return ""
