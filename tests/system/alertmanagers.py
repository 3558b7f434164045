"""Debian's Alertmanager on a loopback port, and the people it tells: a webhook's receiver."""

from __future__ import annotations

import json
import socket
import ssl
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

CONFIG = """
route:
  receiver: people
  group_by: [node, rule]
  group_wait: {wait}s
  group_interval: {interval}s
  repeat_interval: 1h
receivers:
  - name: people
    webhook_configs:
      - url: http://{webhook}/
"""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait(condition: Callable[[], object], seconds: float = 30.0):
    """Return what a condition gives once it is true."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if value := condition():
            return value
        time.sleep(0.05)
    raise AssertionError("it did not come to pass")


@dataclass
class People:
    """What the webhook was sent: one entry a notification."""

    notifications: list[dict] = field(default_factory=list)
    address: str = ""

    def told(self) -> list[tuple[str, str]]:
        """Return finding and state of every alert of every notification, in order."""
        return [
            (alert["labels"]["finding"], alert["status"])
            for notification in list(self.notifications)
            for alert in notification["alerts"]
        ]

    def ids(self, state: str) -> set[str]:
        return {finding for finding, told in self.told() if told == state}


@contextmanager
def people() -> Iterator[People]:
    """Serve the webhook."""
    someone = People()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            someone.notifications.append(json.loads(body))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    someone.address = f"127.0.0.1:{server.server_port}"
    thread = Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield someone
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class Alertmanager:
    """One that can be stopped and started again, and remembers what it told."""

    def __init__(
        self,
        folder: Path,
        webhook: str = "",
        web_config: str = "",
        wait: int = 1,
        interval: int = 2,
        config: str = "",
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        self.address = f"127.0.0.1:{free_port()}"
        self._arguments = [
            "prometheus-alertmanager",
            f"--config.file={folder / 'alertmanager.yml'}",
            f"--storage.path={folder / 'data'}",
            f"--web.listen-address={self.address}",
            "--cluster.listen-address=",
            "--log.level=debug",
        ]
        config = config or CONFIG.format(webhook=webhook, wait=wait, interval=interval)
        (folder / "alertmanager.yml").write_text(config)
        if web_config:
            (folder / "web.yml").write_text(web_config)
            self._arguments.append(f"--web.config.file={folder / 'web.yml'}")

    def start(self) -> None:
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(self._arguments, stdout=log, stderr=log)
        wait(self._listens)

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(timeout=30)
            self._process = None

    def log(self) -> str:
        return (self._folder / "log").read_text("utf-8", "replace")

    def alerts(self, context: ssl.SSLContext | None = None) -> list[dict]:
        """Return what it holds."""
        scheme = "http" if context is None else "https"
        url = f"{scheme}://{self.address}/api/v2/alerts"
        with urllib.request.urlopen(url, context=context) as answer:
            return json.load(answer)

    def _listens(self) -> bool:
        assert self._process
        assert self._process.poll() is None, self.log()
        host, port = self.address.split(":")
        with socket.socket() as probe:
            return probe.connect_ex((host, int(port))) == 0


@contextmanager
def alertmanager(folder: Path, webhook: str = "", **more) -> Iterator[Alertmanager]:
    """Run one."""
    one = Alertmanager(folder, webhook, **more)
    one.start()
    try:
        yield one
    finally:
        one.stop()
