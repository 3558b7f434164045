"""The TCP sockets of programs on GPUs."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from errno import errorcode
from pathlib import Path
from threading import Lock

from aisec_daemon.host.errors import UnreadableError
from aisec_daemon.host.network import diag
from aisec_daemon.host.network.proc_net import parse_tcp
from aisec_daemon.host.network.socket import TcpSocket
from aisec_daemon.host.proc.attributes import GONE
from aisec_daemon.host.proc.descriptors import read_links, socket_inodes
from aisec_daemon.host.proc.identity import ProcessIdentity
from aisec_daemon.host.program.programs import Programs
from aisec_daemon.host.tally import Call, Tally

_SOCKETS_MAX = 4096  # rows at once
_NAMESPACES_MAX = 64  # other network namespaces read in one turn
_TABLE_BYTES = 4 << 20  # of one namespace's table: some 25,000 sockets


@dataclass(frozen=True)
class OwnedSocket:
    """A socket of a process, and the time at which it was first seen there."""

    process: str
    socket: TcpSocket
    first_seen: float


class Sockets:
    """Reads the sockets of the programs that `programs` tells of. Safe between threads."""

    def __init__(self, root: Path, programs: Programs, tally: Tally) -> None:
        self._proc = root / "proc"
        self._programs = programs
        self._tally = tally
        self._lock = Lock()
        self._first_seen: dict[tuple[str, int], float] = {}

    def read(self, now: float) -> list[OwnedSocket]:
        """Read them all at `now`; UnreadableError if a process's sockets cannot be told at all."""
        members = self._programs.members()
        with self._lock:
            owned: dict[str, dict[str, frozenset[int]]] = {}
            denied = 0
            for identity in members:
                inodes = self._inodes(identity)
                if inodes is None:
                    denied += 1
                elif inodes:
                    owned.setdefault(self._namespace(identity), {})[identity.subject] = inodes
            found = [
                OwnedSocket(process, each, self._first_seen.get((process, each.inode), now))
                for namespace, processes in owned.items()
                for process, each in self._sockets(namespace, processes)
            ][:_SOCKETS_MAX]
            if denied and not found:
                raise UnreadableError(
                    "proc", f"the open files of {denied} programs on GPUs may not be read"
                )
            self._first_seen = {
                (each.process, each.socket.inode): each.first_seen for each in found
            }
            return found

    def _inodes(self, identity: ProcessIdentity) -> frozenset[int] | None:
        """Return the inodes of a process's sockets; None if its files may not be read."""
        try:
            return socket_inodes(read_links(f"{self._proc}/{identity.pid}/fd"))
        except OSError as error:
            if error.errno in GONE:
                return frozenset()
            self._tally.add(Call("proc", "fd", errorcode.get(error.errno or 0, "EIO")))
            return None

    def _namespace(self, identity: ProcessIdentity) -> str:
        """Return "" for our own network namespace, else the folder of a process in that one."""
        folder = f"{self._proc}/{identity.pid}"
        try:
            theirs = Path(f"{folder}/ns/net").readlink()
            ours = Path("/proc/self/ns/net").readlink()
        except OSError:
            return folder
        return "" if theirs == ours else folder

    def _sockets(
        self, namespace: str, processes: Mapping[str, frozenset[int]]
    ) -> Iterable[tuple[str, TcpSocket]]:
        owners = {inode: process for process, inodes in processes.items() for inode in inodes}
        listed = self._dump(owners) if not namespace else self._table(namespace)
        for each in listed:
            process = owners.get(each.inode)
            if process is not None:
                yield process, each

    def _dump(self, wanted: Mapping[int, str]) -> list[TcpSocket]:
        begin = time.perf_counter()
        try:
            found = [diag.parse(each) for each in diag.dump() if diag.inode(each) in wanted]
        except (OSError, ValueError) as error:
            name = errorcode.get(getattr(error, "errno", None) or 0, "malformed")
            self._tally.add(Call("sock_diag", "dump", name))
            return self._table("/proc/self")
        self._tally.add(Call("sock_diag", "dump", "OK"), seconds=time.perf_counter() - begin)
        return found

    def _table(self, folder: str) -> list[TcpSocket]:
        return [each for name in ("tcp", "tcp6") for each in self._read_table(folder, name)]

    def _read_table(self, folder: str, name: str) -> list[TcpSocket]:
        try:
            return parse_tcp(_slurp(f"{folder}/net/{name}"))
        except FileNotFoundError:
            return []  # no IPv6 there, or the process is gone
        except (OSError, ValueError) as error:
            code = errorcode.get(getattr(error, "errno", None) or 0, "malformed")
            self._tally.add(Call("proc", "net", code))
            return []


def _slurp(path: str) -> bytes:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        parts: list[bytes] = []
        size = 0
        while size < _TABLE_BYTES:
            part = os.read(descriptor, 65536)
            if not part:
                return b"".join(parts)
            parts.append(part)
            size += len(part)
    finally:
        os.close(descriptor)
    return b"".join(parts).rpartition(b"\n")[0]
