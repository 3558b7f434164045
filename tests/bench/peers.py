"""Who else watches such a node: exporters that run beside the daemon, each scraped as it is."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.daemon import FAKE_SITE, ROOT

ENVIRONMENT = ROOT / ".venv/peers"
DEBIAN = ("prometheus-node-exporter", "prometheus-process-exporter")

# nvitop hands the number of fields over as a c_int32, which C takes and our fake driver does not
_NVITOP = """
import runpy, pynvml
functions = pynvml._nvmlGetFunctionPointer_cache
fields = functions["nvmlDeviceGetFieldValues"]
functions["nvmlDeviceGetFieldValues"] = lambda handle, count, values: fields(
    handle, getattr(count, "value", count), values
)
runpy.run_module("nvitop_exporter", run_name="__main__", alter_sys=True)
"""


@dataclass(frozen=True)
class Peer:
    """An exporter that runs: where it answers, and the process that it is."""

    name: str
    address: str
    process: subprocess.Popen[bytes]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def install() -> None:
    """Fetch the dependency group `bench` and Debian's exporters, each into a place of its own."""
    python = ENVIRONMENT / "bin/python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", ENVIRONMENT], check=True)
    pip = [sys.executable, "-m", "pip", "-q", "--disable-pip-version-check", "--python", python]
    subprocess.run([*pip, "install", "--group", "bench"], cwd=ROOT, check=True)
    debian = ENVIRONMENT / "debian"
    debian.mkdir(exist_ok=True)
    for package in DEBIAN:
        if program(package) is None and shutil.which("apt-get"):
            subprocess.run(["apt-get", "download", "-qq", package], cwd=debian, check=False)
            for file in debian.glob(f"{package}_*.deb"):
                subprocess.run(["dpkg", "-x", file, debian], check=True)


def program(name: str) -> str | None:
    """Return where an exporter's program is: installed, or fetched by us."""
    fetched = ENVIRONMENT / "debian/usr/bin" / name
    return shutil.which(name) or (str(fetched) if fetched.exists() else None)


def commands(port: dict[str, int]) -> dict[str, list[str]]:
    """Return how each peer that is here is started."""
    found = {}
    if (ENVIRONMENT / "bin/python").exists():
        place = ["--bind-address", "127.0.0.1", "--port", f"{port['nvitop-exporter']}"]
        python = str(ENVIRONMENT / "bin/python")
        found["nvitop-exporter"] = [python, "-c", _NVITOP, *place, "--interval", "1"]
    node, process = map(program, DEBIAN)
    if node:
        found["node-exporter"] = [node, f"--web.listen-address=127.0.0.1:{port['node-exporter']}"]
    if process:
        config = ENVIRONMENT / "process-exporter.yaml"
        config.write_text('process_names:\n  - name: "{{.Username}}"\n    cmdline: [".+"]\n')
        place = [f"--web.listen-address=127.0.0.1:{port['process-exporter']}"]
        found["process-exporter"] = [process, "-config.path", str(config), *place]
    return found


@contextmanager
def running(world: Path) -> Iterator[list[Peer]]:
    """Run every peer that is here over a fake driver."""
    names = ("nvitop-exporter", "node-exporter", "process-exporter")
    ports = {name: free_port() for name in names}
    environment = {**os.environ, "PYTHONPATH": f"{FAKE_SITE}", "AISEC_FAKE_NVML": f"{world}"}
    peers = []
    try:
        for name, command in commands(ports).items():
            process = subprocess.Popen(
                command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
            )
            peers.append(Peer(name, f"127.0.0.1:{ports[name]}", process))
        yield peers
    finally:
        for peer in peers:
            peer.process.kill()
            peer.process.wait()
