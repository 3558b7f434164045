"""Run inside the service's sandbox: says as JSON what its sensors see there, and what is closed.

Arguments: pid of another user's program, that program's path, a listening TCP port, and a device
node that file permissions leave open to everyone.
"""

from __future__ import annotations

import ctypes
import errno
import json
import mmap
import os
import socket
import struct
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

from aisec_daemon.host.container.images import Images
from aisec_daemon.host.host import Host
from aisec_daemon.host.proc.processes import Processes
from aisec_daemon.host.tally import Tally
from aisec_daemon.host.views.kernel import best_probe
from aisec_daemon.host.views.views import Views
from aisec_daemon.samplers.program import Program
from aisec_daemon.samplers.socket import Socket

_SOCK_DIAG_BY_FAMILY, _REQUEST_DUMP, _DONE = 20, 0x301, 3
_LISTEN_STATE = 1 << 10
_PTRACE_ATTACH = 16


def answer(deed: Callable[[], object]) -> str:
    """Return the name of the error that a deed ends with, or "allowed"."""
    try:
        deed()
    except OSError as error:
        return errno.errorcode[error.errno or 0]
    except StopIteration:
        return "empty"
    return "allowed"


def listening_ports() -> set[int]:
    """Ask sock_diag(7) for the TCP sockets that listen."""
    with socket.socket(socket.AF_NETLINK, socket.SOCK_DGRAM, 4) as diag:
        body = struct.pack("=BBBxI48x", socket.AF_INET, socket.IPPROTO_TCP, 0, _LISTEN_STATE)
        head = struct.pack("=IHHII", 16 + len(body), _SOCK_DIAG_BY_FAMILY, _REQUEST_DUMP, 1, 0)
        diag.send(head + body)
        ports: set[int] = set()
        while True:
            datagram = diag.recv(1 << 16)
            while datagram:
                size, kind = struct.unpack_from("=IH", datagram)
                if kind == _DONE:
                    return ports
                ports.add(struct.unpack_from(">H", datagram, 16 + 4)[0])
                datagram = datagram[(size + 3) & ~3 :]


def attach(pid: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.ptrace(_PTRACE_ATTACH, pid, 0, 0):
        raise OSError(ctypes.get_errno(), "ptrace")


def program(pid: int, processes: Processes) -> dict[str, object]:
    """Read what the samplers tell of a program that is said to be on a GPU."""
    gpu = SimpleNamespace(processes=[SimpleNamespace(pid=pid)])
    nvml = SimpleNamespace(read=lambda: SimpleNamespace(gpus=[gpu]))
    host = Host(Path("/"), Tally(), nvml, processes)
    told = Program().read(host, 2e9)
    row = [word.startswith(f"{pid}:") for word in told.labels["process"]].index(True)
    words = {name: column[row] for name, column in told.labels.items() if name != "process"}
    numbers = dict(zip(told.table.column_names, told.values[row].tolist(), strict=True))
    Socket().read(host, 2e9)
    refusals = [call for call, _, _ in host.tally.rows() if call.sensor == "program"]
    return {
        **words,
        "bytes read": numbers["read_bytes"] > 0,
        "age": numbers["executable_age_seconds"] > 0,
        "refused of it": refusals,
    }


def short_lived(processes: Processes) -> str:
    """Start a program that is gone before the next scan; return its command as that scan tells."""
    processes.scan()
    subprocess.run(["/bin/sleep", "0.123"], check=True)
    commands = [identity.command for identity in processes.scan().identities]
    return next((command for command in commands if command and "0.123" in command), "")


def image() -> str | None:
    """Read the image of a container that Podman has left its files of."""
    container = "a" * 64
    who = SimpleNamespace(container=container, group=f"/libpod_parent/libpod-{container}")
    return Images(Path("/"), Tally()).of(who)


def main() -> None:
    pid, path, port, node = int(sys.argv[1]), sys.argv[2], int(sys.argv[3]), sys.argv[4]
    processes = Processes(Path("/"), Tally(), bytes(32))
    identity = processes.lookup(pid)
    assert identity is not None
    seen = {
        "user": identity.user,
        "executable": identity.executable,
        **program(pid, processes),
        "maps": path in Path(f"/proc/{pid}/maps").read_text(),
        "file": answer(Path(path).stat),
        "connector": processes.connector_error,
        "short-lived": short_lived(processes),
        "sock_diag": port in listening_ports(),
        "null": answer(lambda: Path("/dev/null").read_bytes()),
        "views": [v.lack for v in Views(Path("/")).read(None, [pid], 500).views.values() if v.lack],
        "kernel": best_probe().__name__,
        "mounts of init": answer(lambda: Path("/proc/1/mountinfo").read_bytes()),
        "image": image(),
    }
    closed = {
        "memory": answer(lambda: os.open(f"/proc/{pid}/mem", os.O_RDWR)),
        "ptrace": answer(lambda: attach(pid)),
        "program": answer(lambda: Path(sys.prefix, "x").touch()),
        "homes": answer(lambda: next(Path("/home").iterdir())),
        "device": answer(lambda: os.open(node, os.O_RDONLY)),
        "writable code": answer(lambda: mmap.mmap(-1, 4096, prot=7)),
    }
    processes.close()
    json.dump({"seen": seen, "closed": closed}, sys.stdout)


main()
