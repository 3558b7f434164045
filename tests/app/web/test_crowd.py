"""Many clients at once, slow ones among them, and the threads that serve them."""

import socket
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

import aisec_daemon.app.web.server


def test_slow_clients_do_not_keep_a_scrape_out(start: Callable[..., Any]) -> None:
    """More of them than there are places; the longest there is cut for whom comes."""
    served = start(connections_max=8)
    host, port = served.server.address.split(":")
    slow = [socket.create_connection((host, int(port)), timeout=5) for _ in range(24)]
    try:
        for client in slow:
            client.sendall(b"GET /metrics HTTP/1.1\r\nX-")
        begun = time.monotonic()
        statuses = [served.get()[0] for _ in range(5)]
        took = time.monotonic() - begun
        clients = len(served.server._connections)
    finally:
        for client in slow:
            client.close()

    assert statuses == [200] * 5
    assert took < 5
    assert clients <= 8


def waiting() -> int:
    return sum(thread.name == "web" for thread in threading.enumerate())


def test_a_scrape_starts_no_thread(
    start: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """That takes longer than answering while Python is busy."""
    served = start()
    before = waiting()
    begun: list[str] = []
    monkeypatch.setattr(threading.Thread, "start", lambda thread: begun.append(thread.name))
    statuses = []
    for _ in range(20):
        statuses.append(served.get()[0])
        time.sleep(0.02)  # who served the last one waits again

    assert statuses == [200] * 20
    assert begun == []
    assert waiting() <= before  # those of a server before may still be ending


def test_threads_for_a_crowd_go_when_it_has_gone(start: Callable[..., Any]) -> None:
    served = start()
    before = waiting()
    host, port = served.server.address.split(":")
    slow = [socket.create_connection((host, int(port)), timeout=5) for _ in range(12)]
    for client in slow:
        client.sendall(b"GET /metrics HTTP/1.1\r\nX-")
    status = served.get()[0]
    crowded = waiting()
    for client in slow:
        client.close()
    end = time.monotonic() + 5
    while waiting() > before and time.monotonic() < end:
        time.sleep(0.02)

    assert status == 200
    assert crowded >= 13
    assert waiting() <= before
    assert served.get()[0] == 200


def test_where_there_are_no_more_threads_one_goes_on_waiting(
    start: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(aisec_daemon.app.web.server, "_WAITING", 2)
    served = start()
    host, port = served.server.address.split(":")

    def refuse(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    with socket.create_connection((host, int(port)), timeout=5) as slow:
        slow.sendall(b"GET /metrics HTTP/1.1\r\nX-")
        time.sleep(0.2)
        with pytest.raises(ConnectionError):
            served.get()
    time.sleep(0.2)

    assert served.get()[0] == 200
