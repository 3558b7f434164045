"""Full attributes of a process, read once per program image."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from errno import ENOENT, ESRCH, errorcode
from hashlib import blake2b
from pathlib import Path
from typing import TypeVar

from aisec_daemon.host.indicators.matcher import Matcher, default
from aisec_daemon.host.proc.cgroup import Placement, parse_cgroup
from aisec_daemon.host.proc.folder import living_line, living_thread
from aisec_daemon.host.proc.identity import ProcessIdentity
from aisec_daemon.host.proc.mounted_place import place_by_mounts
from aisec_daemon.host.proc.mountinfo import MOUNTINFO_BYTES, parse_mountinfo
from aisec_daemon.host.proc.stat import STAT_BYTES, Image, Numbers, Stat, parse_stat
from aisec_daemon.host.proc.status import parse_uid
from aisec_daemon.host.redaction.redact import redact_command, redact_name, redact_path
from aisec_daemon.host.tally import Call, Tally
from aisec_daemon.host.users import Users

GONE = frozenset((ENOENT, ESRCH))

_ATTEMPTS = 3
_COMMAND_BYTES = 128 * 1024  # the longest argument the kernel takes
_KEY_BYTES = 16
_UNDERSTOOD_MAX = 1024
_NO_LOGIN = 4294967295  # (uid_t) -1: nobody logged in, see proc_pid_loginuid(5)
_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
_FILE = os.O_RDONLY | os.O_CLOEXEC

_Parsed = TypeVar("_Parsed")


@dataclass(slots=True)
class Known:
    """A process as it was read: who it is, of which image, and its stat, kept open to ask again.

    `descriptor` is -1 where none is kept; `dying` if it died while it was read and could no longer
    tell all; `fresh` until a scan has shown it; `stale` if it may no longer be who it was, or a
    later reading may tell more.
    `numbers` are those of `line`, its stat as it was read last.
    """

    identity: ProcessIdentity
    image: Image
    descriptor: int
    dying: bool = False
    fresh: bool = False
    stale: bool = False
    line: bytes = b""
    numbers: Numbers | None = None

    def close(self) -> None:
        """Let go of the descriptor, if one is kept."""
        if self.descriptor >= 0:
            os.close(self.descriptor)
            self.descriptor = -1


class Attributes:
    """Reads processes in full, below `root`/proc; `key` (16 to 64 bytes) keys the hashes."""

    def __init__(
        self, root: Path, tally: Tally, key: bytes, matcher: Matcher | None = None
    ) -> None:
        if len(key) < _KEY_BYTES:
            raise ValueError(f"the key of the hashes needs at least {_KEY_BYTES} bytes")
        self.users = Users(root, tally)
        self._proc = root / "proc"
        self._tally = tally
        self._key = key
        self._matcher = matcher or default()
        self._mounted: dict[bytes, Placement] = {}
        self._understood: dict[tuple[bytes, bytes, str | None], tuple[str, str]] = {}

    def refresh(self) -> None:
        """Begin a scan: users and mounts may have changed."""
        self.users.refresh()
        self._mounted.clear()

    def read(self, pid: int) -> Known | None:
        """Read one process in full; None if it is gone.

        OSError if it may not be read at all, ValueError if its stat is none.

        Everything is read through one descriptor of /proc/PID, so that all of it belongs to one
        process; if it executed something meanwhile, it is read again.
        """
        directory = descriptor = -1
        try:
            directory = os.open(self._proc / str(pid), _DIRECTORY)
            descriptor = os.open("stat", _FILE, dir_fd=directory)
            known = self._settled(pid, directory, descriptor)
        except (OSError, ValueError) as error:
            if descriptor >= 0:
                os.close(descriptor)
            if isinstance(error, OSError) and error.errno in GONE:
                return None
            raise
        finally:
            if directory >= 0:
                os.close(directory)
        return known

    def _settled(self, pid: int, directory: int, descriptor: int) -> Known:
        """Read until the image is the same before and after; if it never is, as of the last."""
        stat = parse_stat(os.pread(descriptor, STAT_BYTES, 0))
        for _ in range(_ATTEMPTS):
            before = stat
            thread = living_thread(directory) if before.leaderless else 0
            identity, failures = self._look(pid, before, directory, thread)
            try:
                stat = parse_stat(os.pread(descriptor, STAT_BYTES, 0))
                dying = not living_line(f"task/{thread}/stat", directory) if thread else stat.dead
            except ProcessLookupError:
                dying = True
            if dying:
                stale = stat.leaderless  # others may go on: it is asked again
                return Known(_dying(identity), before.image, descriptor, dying=True, stale=stale)
            if stat.image == before.image:
                break
        for call, code in failures:
            self._tally.add(Call("proc", call, code))
        return Known(identity, before.image, descriptor)

    def _look(
        self, pid: int, stat: Stat, directory: int, thread: int
    ) -> tuple[ProcessIdentity, list[tuple[str, str]]]:
        """Read a process once, by a thread of it where its main one has ended; and what failed."""
        if not thread:
            reading = _Reading(directory, stat)
            return self._identity(pid, stat, reading), reading.failures
        try:
            folder = os.open(f"task/{thread}", _DIRECTORY, dir_fd=directory)
        except OSError:  # it has ended meanwhile
            return self._look(pid, stat, directory, 0)
        try:
            reading = _Reading(folder, stat)
            return replace(self._identity(pid, stat, reading), thread=thread), reading.failures
        finally:
            os.close(folder)

    def _identity(self, pid: int, stat: Stat, reading: _Reading) -> ProcessIdentity:
        link = reading.link()
        executable, state = _describe(link)
        command = reading.file("cmdline", bytes)
        command_hash = None if command is None else self._hash(command)
        shown, indicators = self._understand(stat.name, link or b"", command, command_hash)
        uid = reading.file("status", parse_uid)
        login = reading.file("loginuid", int)
        place = reading.file("cgroup", parse_cgroup)
        if place == Placement() and not stat.kernel_thread:
            place = self._by_mounts(reading)
        return ProcessIdentity(
            pid=pid,
            start_ticks=stat.start_ticks,
            name=redact_name(stat.name),
            executable=executable,
            executable_state=state,
            command=shown,
            command_hash=command_hash,
            user=None if uid is None else self.users.name(uid),
            uid=uid,
            parent=stat.parent,
            container=place and place.container,
            pod=place and place.pod,
            qos=place and place.qos,
            slurm_job=place and place.slurm_job,
            slurm_step=place and place.slurm_step,
            unit=place and place.unit,
            login_user=self._login(login),
            indicators=indicators,
            group=place.group if place else "",
        )

    def _understand(
        self, name: bytes, link: bytes, command: bytes | None, command_hash: str | None
    ) -> tuple[str | None, str]:
        """Return a command line without its secrets, and which known marks the program bears.

        Both take far longer than reading it, and workers of one program have the same. What is
        remembered hangs on the keyed hash, so that no raw command line is kept.
        """
        if command is None:
            return None, self._matcher.match(name, link, b"")
        key = name, link, command_hash
        known = self._understood.get(key)
        if known is None:
            known = redact_command(command), self._matcher.match(name, link, command)
            if len(self._understood) >= _UNDERSTOOD_MAX:
                self._understood.clear()
            self._understood[key] = known
        return known

    def _by_mounts(self, reading: _Reading) -> Placement:
        """Return where a process runs whose cgroup is "/".

        A container may have a namespace of its own for cgroups; then what is mounted in it tells.
        Processes of one mount namespace are asked once a scan.
        """
        namespace = reading.namespace("mnt")
        known = self._mounted.get(namespace) if namespace else None
        if known is None:
            known = place_by_mounts(parse_mountinfo(reading.quietly("mountinfo", MOUNTINFO_BYTES)))
            if namespace:
                self._mounted[namespace] = known
        return known

    def _hash(self, command: bytes) -> str:
        return blake2b(command, digest_size=16, key=self._key).hexdigest() if command else ""

    def _login(self, uid: int | None) -> str | None:
        if uid is None:
            return None
        return "" if uid == _NO_LOGIN else self.users.name(uid)


class _Reading:
    """One pass over the files of one process, and what failed in it: (call, code)."""

    def __init__(self, directory: int, stat: Stat) -> None:
        self.failures: list[tuple[str, str]] = []
        self._directory = directory
        self._stat = stat

    def file(self, name: str, parse: Callable[[bytes], _Parsed]) -> _Parsed | None:
        try:
            return parse(_slurp(name, self._directory))
        except OSError as error:
            self.failures.append((name, errorcode.get(error.errno or 0, "EIO")))
        except ValueError:
            self.failures.append((name, "malformed"))
        return None

    def quietly(self, name: str, limit_bytes: int) -> bytes:
        """Read what may be missing; empty then."""
        with suppress(OSError):
            return _slurp(name, self._directory, limit_bytes)
        return b""

    def namespace(self, name: str) -> bytes:
        """Return which namespace of a kind it is in; empty if that may not be read."""
        with suppress(OSError):
            return os.readlink(f"ns/{name}".encode(), dir_fd=self._directory)
        return b""

    def link(self) -> bytes | None:
        """Where the link to the executable points: empty for a kernel thread, None if unread."""
        if self._stat.kernel_thread:
            return b""
        try:
            return os.readlink(b"exe", dir_fd=self._directory)
        except OSError as error:
            self.failures.append(("exe", errorcode.get(error.errno or 0, "EIO")))
            return None


def _describe(link: bytes | None) -> tuple[str | None, str | None]:
    """Return an executable's path, and what is odd about it: "deleted", "memfd" or nothing."""
    if link is None:
        return None, None
    path = link.removesuffix(b" (deleted)")
    state = "memfd" if path.startswith(b"/memfd:") else "deleted" if path != link else ""
    return redact_path(path), state


def _slurp(name: str, directory: int, limit_bytes: int = _COMMAND_BYTES) -> bytes:
    """Read a pseudo-file whole, without asking for its size, up to a limit."""
    descriptor = os.open(name, _FILE, dir_fd=directory)
    try:
        text = os.read(descriptor, limit_bytes)
        while text and len(text) < limit_bytes:
            more = os.read(descriptor, limit_bytes - len(text))
            if not more:
                break
            text += more
    finally:
        os.close(descriptor)
    return text


def _dying(identity: ProcessIdentity) -> ProcessIdentity:
    """Tell nothing of a process that died while it was read where it has nothing left to tell."""
    return replace(
        identity,
        executable=identity.executable or None,
        executable_state=identity.executable_state if identity.executable else None,
        command=identity.command or None,
        command_hash=identity.command_hash or None,
    )
