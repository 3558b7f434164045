"""One installation for all tests here: on a copy of this machine, as `make install` does it."""

from __future__ import annotations

import os
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.systemd.manager import Manager, boot, first
from tests.systemd.stage import HERE, Stage


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give more time to tests that install: where others want the cores, pip takes minutes."""
    for item in items:
        if item.path.parent == HERE:
            item.add_marker(pytest.mark.timeout(600))


@pytest.fixture(scope="session")
def folder() -> Iterator[Path]:
    """A folder in the real /tmp that other users may enter."""
    assert os.geteuid() == 0, "these tests need root: sudo make test-system"
    with tempfile.TemporaryDirectory(prefix="aisec-test-", dir="/tmp") as name:
        Path(name).chmod(0o755)
        yield Path(name)


@pytest.fixture(scope="session")
def stage(folder: Path) -> Iterator[Stage]:
    mount = folder / "stage"
    mount.mkdir()
    stage = Stage(mount)
    try:
        yield stage
    finally:
        stage.close()


@pytest.fixture(scope="session")
def container(stage: Stage, folder: Path) -> Iterator[Manager]:
    """A machine with a running systemd, and nothing of ours."""
    with boot(stage, folder / "container.log") as container:
        yield container


@pytest.fixture(scope="session")
def service(container: Manager) -> SimpleNamespace:
    """The service in the container, installed over settings that were there before."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    settings = f'listen = "127.0.0.1:{port}"\n'
    container.write("/etc/aisec-daemon/aisec.toml", settings)
    said = container.run("make", "-C", "/src", "install")
    return SimpleNamespace(manager=container, port=port, settings=settings, said=said)


@pytest.fixture(scope="session")
def first_namespace(service: SimpleNamespace, stage: Stage, folder: Path) -> Iterator[Manager]:
    """The same installation in the first pid namespace, where the process connector answers."""
    with first(stage, folder / "first.log") as manager:
        yield manager
