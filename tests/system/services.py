"""Real services, started for a test and ended after it."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

BIN = Path(sys.executable).parent
TOKEN = "a-token-of-these-tests"


def free_port() -> int:
    """Return a port below those that the kernel gives away, as people choose them."""
    for port in range(20000, 32000, 7):
        with socket.socket() as probe:
            try:
                probe.bind(("0.0.0.0", port))
            except OSError:
                continue
            return port
    raise AssertionError("no port is free")


def jupyter(folder: Path, address: str, port: int, *, token: str = "") -> list[str]:
    """Return the command of a Jupyter Server, open unless it has a token."""
    return [
        *(str(BIN / "jupyter-server"), f"--ServerApp.ip={address}", f"--ServerApp.port={port}"),
        *("--no-browser", "--allow-root", f"--IdentityProvider.token={token}"),
        *(f"--ServerApp.root_dir={folder}", "--ServerApp.port_retries=0"),
    ]


def jupyter_tls(folder: Path, address: str, port: int) -> list[str]:
    """Return the command of an open Jupyter Server that speaks TLS alone."""
    return [*jupyter(folder, address, port), f"--ServerApp.certfile={folder / 'server.pem'}"]


def tensorboard(folder: Path, address: str, port: int) -> list[str]:
    """Return the command of a TensorBoard."""
    return [
        *(str(BIN / "tensorboard"), "--logdir", str(folder), "--host", address),
        *("--port", str(port), "--load_fast=false"),
    ]


@contextmanager
def running(command: list[str], port: int, *prefix: str) -> Iterator[int]:
    """Start a command, wait until it listens on that port, yield its pid; end it."""
    environment = {**os.environ, "HOME": "/nonexistent", "JUPYTER_PLATFORM_DIRS": "1"}
    process = subprocess.Popen(
        [*prefix, *command],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env=environment,
        start_new_session=True,
    )
    try:
        wait_for(process, port)
        yield process.pid
    finally:
        process.kill()
        process.communicate()


def wait_for(process: subprocess.Popen, port: int) -> None:
    """Wait until somebody listens on a port in the process's network namespace."""
    wanted = f":{port:04X} "
    for _ in range(300):
        if process.poll() is not None:
            raise AssertionError(process.stderr.read().decode(errors="replace")[-2000:])
        tables = [Path(f"/proc/{process.pid}/net/{name}") for name in ("tcp", "tcp6")]
        lines = [line for table in tables for line in table.read_text().splitlines()]
        if any(wanted in line and " 0A " in line for line in lines):
            return
        time.sleep(0.1)
    raise AssertionError(f"nobody listens on port {port}")
