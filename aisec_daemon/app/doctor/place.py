"""Where the daemon lives: its state folder, its address, its clock, its settings."""

from __future__ import annotations

import ctypes
import os
import stat
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from pathlib import Path

from aisec_daemon.app.clock import Clock
from aisec_daemon.app.doctor.check import Check, Status
from aisec_daemon.app.web.address import AddressError, listen_on, split
from aisec_daemon.host.proc.stat import parse_boot_time

SERVICE_FILE = Path("/etc/aisec-daemon/aisec.toml")
_TITLE = " · aisec-daemon</title>".encode()  # the end of the landing page's title
_TIME_ERROR = 5  # TIME_ERROR of adjtimex(2)
_TIMEX_BYTES = 512  # struct timex has 208, and may grow
_NOT_BEFORE = 1_735_689_600.0  # 2025-01-01: this program is younger


def judge_settings(file: Path | None, error: str, *, service_file: bool) -> Check:
    """Judge the settings file by what reading it gave."""
    if error:
        remedy = f"aisec-daemon check {file}" if file else "env | grep AISEC_"
        lost = "the daemon does not start; what follows was looked at with defaults"
        found = "; ".join(error.splitlines())
        return Check("settings", Status.DEGRADED, found, lost, remedy)
    found = f"{file} is good" if file else "defaults"
    if not file and service_file:
        found += f"; to check the service's: --settings {SERVICE_FILE}"
    return Check("settings", Status.OK, found)


@dataclass(frozen=True)
class Folder:
    """A state folder: `mode` is None if it is not there yet; `open_files` others may read."""

    path: Path
    mode: int | None
    writable: bool
    open_files: tuple[str, ...] = ()


def read_folder(path: Path) -> Folder:
    """Look at the state folder; nothing is written."""
    try:
        mode = path.stat().st_mode
    except OSError:
        return Folder(path, None, os.access(_nearest(path), os.W_OK | os.X_OK, effective_ids=True))
    writable = os.access(path, os.W_OK | os.X_OK, effective_ids=True)
    return Folder(
        path, stat.S_IMODE(mode), writable and stat.S_ISDIR(mode), tuple(_open_files(path))
    )


def _nearest(path: Path) -> Path:
    """Return the nearest folder above that is there."""
    return next((parent for parent in path.parents if parent.exists()), Path("/"))


def _open_files(path: Path) -> Iterator[str]:
    with suppress(OSError):
        for file in sorted(path.iterdir()):
            if stat.S_IMODE(file.lstat().st_mode) & 0o077 and file.is_file():
                yield file.name


def judge_folder(folder: Folder) -> Check:
    """Judge whether what was learned is kept, and kept to ourselves."""
    name, path = "state", folder.path
    if not folder.writable:
        what = "cannot be made" if folder.mode is None else "cannot be written"
        lost = "what was learned is forgotten at a restart, open findings begin anew"
        remedy = f"sudo install -d -m 0700 -o $USER {path}, or set AISEC_STATE=DIR"
        return Check(name, Status.DEGRADED, f"{path} {what} by this user", lost, remedy)
    if folder.mode is None:
        return Check(name, Status.OK, f"{path} is made at the first start")
    if folder.mode & 0o007 or folder.open_files:
        found = f"{path} is open to other users (mode {folder.mode:04o})"
        found += f", so is {', '.join(folder.open_files)}" if folder.open_files else ""
        lost = "the key of its hashes, and what it knows of your users"
        return Check(name, Status.DEGRADED, found, lost, f"sudo chmod -R go= {path}")
    return Check(name, Status.OK, f"{path}, mode {folder.mode:04o}")


def read_address(listen: str) -> str:
    """Try to listen, and give it back: "free", "ours" if an aisec-daemon has it, or why not."""
    try:
        host, port = split(listen)
        listen_on(host, port).close()
    except AddressError as error:
        return "ours" if _answers(listen) else str(error)
    return "free"


def _answers(listen: str) -> bool:
    """Ask whoever listens whether it is an aisec-daemon."""
    try:
        host, port = split(listen)
        with closing(HTTPConnection(host or "localhost", port, timeout=1.0)) as connection:
            connection.request("GET", "/")
            return _TITLE in connection.getresponse().read(4096)
    except (OSError, HTTPException, AddressError):
        return False


def judge_address(listen: str, answer: str, *, protected: bool) -> Check:
    """Judge whether the metrics page can be served; a `protected` page tells strangers nothing."""
    if answer == "free":
        return Check("listen", Status.OK, f"{listen} is free")
    if answer == "ours":
        return Check("listen", Status.OK, f"an aisec-daemon serves {listen}")
    if protected and "listens there" in answer:
        found = f"{listen} is taken; behind TLS or a password it does not say by whom"
        return Check("listen", Status.UNKNOWN, found)
    remedy = f"sudo ss -ltnp 'sport = :{listen.rpartition(':')[2]}', or set AISEC_LISTEN=HOST:PORT"
    return Check("listen", Status.DEGRADED, answer, "the metrics page: it will not start", remedy)


@dataclass(frozen=True)
class Time:
    """Now and the boot in seconds since 1970; whether the kernel holds the clock synchronised."""

    now: float
    boot: float | None
    synchronised: bool | None


def read_time(root: Path) -> Time:
    """Read the clock, and ask the kernel of it (adjtimex(2), which changes nothing here)."""
    boot = None
    with suppress(OSError, ValueError):
        boot = float(parse_boot_time((root / "proc/stat").read_bytes()))
    code = ctypes.CDLL(None).adjtimex(ctypes.create_string_buffer(_TIMEX_BYTES))
    return Time(Clock().now(), boot, None if code < 0 else code != _TIME_ERROR)


def judge_time(time: Time) -> Check:
    """Judge whether times of findings will mean anything."""
    lost, remedy = "findings bear wrong times", "sudo timedatectl set-ntp true"
    if time.now < _NOT_BEFORE:
        return Check("clock", Status.DEGRADED, "it is years behind", lost, remedy)
    if time.boot is not None and time.boot > time.now:
        return Check("clock", Status.DEGRADED, "it is set before this node's start", lost, remedy)
    if time.synchronised is False:
        lost = "times of findings may not agree with other nodes"
        return Check(
            "clock", Status.DEGRADED, "the kernel says it is not synchronised", lost, remedy
        )
    return Check("clock", Status.OK, "synchronised" if time.synchronised else "plausible")
