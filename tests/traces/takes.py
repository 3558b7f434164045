"""Takes: traces with their truth, simulated, recorded or public, all played the same way."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from aisec_daemon.app.traces import open_trace
from aisec_daemon.model import Snapshot
from tests.traces.generators import Kind, Scene, Truth, generate
from tests.traces.generators.node import PERIODS
from tests.traces.generators.scenes import BEGIN
from tests.traces.lengthened import lengthened

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

RECORDED = Path(__file__).parent / "recorded"
SIMULATED, LENGTHENED, PUBLIC = "simulated", "recorded, lengthened", "public"
_PUBLIC_CARDS = ("A100", "H100", "L40S", "TitanX")
_STAND_IN = "loads"  # the program behind what is called mining-like


@dataclass(frozen=True, eq=False)
class Take:
    """One trace: `play()` yields snapshots, `periods` are its tables', `truths` what it shows."""

    name: str
    origin: str
    periods: Mapping[str, float]
    truths: tuple[Truth, ...]
    play: Callable[[], Iterator[Snapshot]]


def simulated(
    seed: Sequence[int], card: str, scenes: Sequence[Scene], seconds: int, since: float = BEGIN
) -> Take:
    """Return a node made of scenes; the same seed is the same node."""

    def make() -> tuple[Iterator[Snapshot], tuple[Truth, ...]]:
        return generate(np.random.default_rng(list(seed)), card, scenes, seconds, since)

    name = f"{card} {'.'.join(map(str, seed))}"
    return Take(name, SIMULATED, PERIODS, make()[1], lambda: make()[0])


def recorded(seconds: int = 0) -> list[Take]:
    """Return our own recordings; lengthened to so many seconds where they are shorter."""
    return [recording(name, seconds) for names in _index().values() for name in names]


def recording(name: str, seconds: int = 0) -> Take:
    """Return one of our own recordings; the index has its truth."""
    kind = Kind.MINING if name in _index()["mining_like"] else Kind.HONEST
    trace = open_trace(RECORDED / f"{name}.jsonl.gz")
    play = partial(lengthened, tuple(trace.snapshots()), seconds)
    return Take(name, LENGTHENED, trace.periods, (_looked_up(name, kind, play()),), play)


def _index() -> dict[str, dict[str, str]]:
    index = tomllib.loads((RECORDED / "index.toml").read_text())
    return {section: index[section] for section in ("benign", "mining_like")}


def _looked_up(name: str, kind: Kind, snapshots: Iterator[Snapshot]) -> Truth:
    """Return what a recording shows: its load begins when the driver lists the load's process."""
    times, gpus, begin, guilty = [], (), np.inf, {}
    for snapshot in snapshots:
        if snapshot.table.name == "gpu":
            times.append(snapshot.time)
            gpus = snapshot.subjects
        elif snapshot.table.name == "gpu_process" and snapshot.subjects:
            begin = min(begin, snapshot.time)
            rows = zip(snapshot.labels["process"], snapshot.labels["name"], strict=True)
            guilty |= {p: None for p, name in rows if p and name == _STAND_IN}
    since = begin if kind is Kind.MINING else times[0]
    who = tuple(guilty) if kind is Kind.MINING else ()
    return Truth(kind, name, "h200", gpus, since, times[-1], processes=who, origin="recorded")


def public(folder: Path) -> list[Take]:
    """Return other people's logs of honest work, a look a second; file names tell the GPU.

    They are nobody's to pass on: the folder is given, and nothing of it is kept.
    """
    return [public_log(path) for path in sorted(folder.glob("*/*.csv.gz"))]


def public_log(path: Path) -> Take:
    """Return one of them."""
    name = path.name.removesuffix(".csv.gz")
    card = next((model for model in _PUBLIC_CARDS if model.lower() in name.lower()), "unknown")
    trace = open_trace(path)

    def play() -> Iterator[Snapshot]:
        second = -np.inf
        for snapshot in trace.snapshots():
            if snapshot.time >= second + 1:
                second = max(second + 1, np.floor(snapshot.time))
                yield snapshot

    first, last, gpus = np.inf, 0.0, {}
    for snapshot in play():
        first, last = min(first, snapshot.time), snapshot.time
        gpus |= dict.fromkeys(snapshot.subjects)
    truth = Truth(Kind.HONEST, path.parent.name, card, tuple(gpus), first, last, origin=PUBLIC)
    return Take(name, PUBLIC, {"gpu": 1.0}, (truth,), play)
