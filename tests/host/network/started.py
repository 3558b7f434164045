"""Processes that listen, and a source of workloads that tells of them."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from types import SimpleNamespace

from aisec_daemon.host.network.listeners import Listeners
from aisec_daemon.host.proc.processes import Processes
from aisec_daemon.host.tally import Tally
from aisec_daemon.host.workload.workload import Workload

_PROGRAM = """
import socket, sys
family = socket.AF_INET6 if ":" in sys.argv[1] else socket.AF_INET
server = socket.create_server((sys.argv[1], int(sys.argv[2])), family=family)
print(server.getsockname()[1], flush=True)
for line in sys.stdin:
    more = socket.create_server((sys.argv[1], 0), family=family)
    if line.strip() == "instead":
        server.close()
    server = more if line.strip() == "instead" else (server, more)
    print(more.getsockname()[1], flush=True)
"""


class Listening:
    """A process that listens; each word it is told makes it listen once more, or elsewhere."""

    def __init__(
        self, address: str = "127.0.0.1", port: int = 0, prefix: tuple[str, ...] = ()
    ) -> None:
        self.process = subprocess.Popen(
            [*prefix, sys.executable, "-S", "-c", _PROGRAM, address, str(port)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.port = int(self.process.stdout.readline())
        self.pid = self.process.pid

    def tell(self, word: str) -> int:
        self.process.stdin.write(word + "\n")
        self.process.stdin.flush()
        return int(self.process.stdout.readline())

    def end(self) -> None:
        self.process.kill()
        self.process.communicate()


@contextmanager
def listening(
    address: str = "127.0.0.1", port: int = 0, prefix: tuple[str, ...] = ()
) -> Iterator[Listening]:
    started = Listening(address, port, prefix)
    try:
        yield started
    finally:
        started.end()


class Source:
    """Stands for the workloads of a node: whoever the test names."""

    def __init__(self, processes: Processes) -> None:
        self.processes = processes
        self.workloads: list[Workload] = []

    def add(self, pid: int, *, on_gpu: bool = True, service: str = "") -> Workload:
        identity = self.processes.lookup(pid)
        one = Workload(identity, f"asset-{pid}", on_gpu, frozenset(), service)
        self.workloads.append(one)
        return one

    def read(self) -> list[Workload]:
        return list(self.workloads)

    def assets(self) -> list[SimpleNamespace]:
        """Return what the sampler asks of the groups: the name that outlives a restart."""
        return [
            SimpleNamespace(subject=one.asset, group=SimpleNamespace(identity=f"same-{one.asset}"))
            for one in self.workloads
        ]


class Watch:
    """The reader under test, its source, and its tally."""

    def __init__(self, processes: Processes) -> None:
        self.tally = Tally()
        self.source = Source(processes)
        self.listeners = Listeners(Path("/"), self.source, processes, self.tally)

    def ports(self, now: float = 1.0) -> dict[int, tuple[str, str | None]]:
        """Return whose each port is, and its scope."""
        return {
            each.socket.local_port: (each.workload.asset, each.scope)
            for each in self.listeners.read(now)
        }


@contextmanager
def watching() -> Iterator[Watch]:
    with closing(Processes(Path("/"), Tally(), b"k" * 16, connector=False)) as processes:
        yield Watch(processes)
