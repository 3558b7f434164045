"""A fake driver for tests in this process, and one for children."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pynvml
import pytest

from aisec_daemon.host.nvml.client import Nvml
from aisec_daemon.host.tally import Tally
from tests.fake_nvml import driver, scenario

_KEPT = []  # a thread may still be inside a callback when its test is over


class Clock:
    """A steady clock that tests move."""

    def __init__(self) -> None:
        self.now = 5000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def fake(clock: Clock) -> Iterator[Callable[[dict], driver.Driver]]:
    """Put a fake driver behind this process's pynvml: `fake(world)`."""
    library, load = pynvml.nvmlLib, pynvml.CDLL
    pointers = dict(pynvml._nvmlGetFunctionPointer_cache)

    def put(world: dict) -> driver.Driver:
        installed = driver.install(pynvml, world, clock)
        _KEPT.append(dict(pynvml._nvmlGetFunctionPointer_cache))
        return installed

    yield put
    pynvml.nvmlLib, pynvml.CDLL = library, load
    pynvml._nvmlGetFunctionPointer_cache.clear()
    pynvml._nvmlGetFunctionPointer_cache.update(pointers)


class Rig:
    """A world on disk and a client whose children live in it."""

    def __init__(self, path: Path, tally: Tally) -> None:
        self.path = path
        self.tally = tally
        self.nvml = Nvml(tally, period_seconds=0.0, deadline_seconds=2.0)

    def put(self, world: dict) -> None:
        scenario.write(self.path, world)


@pytest.fixture
def rig(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Rig]:
    site = Path(driver.__file__).parent / "site"
    monkeypatch.setenv("PYTHONPATH", str(site))
    monkeypatch.setenv("AISEC_FAKE_NVML", str(tmp_path / "world.json"))
    rig = Rig(tmp_path / "world.json", Tally())
    yield rig
    rig.nvml.close()
