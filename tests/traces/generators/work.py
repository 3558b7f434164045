"""Work: an honest scene, from ranges of what it shows and the context of such programs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from aisec_daemon.model import Severity
from tests.traces.generators import places
from tests.traces.generators.actor import Program
from tests.traces.generators.algorithms import Range
from tests.traces.generators.flows import Flow
from tests.traces.generators.load import Load, above_awake
from tests.traces.generators.shapes import Floats
from tests.traces.generators.stage import Stage
from tests.traces.generators.truth import Kind, Truth


@dataclass(frozen=True)
class Code:
    """The program behind honest work, one of several a site may have; `age` of its file in s."""

    name: str
    executable: str
    command: str
    libraries: str
    age: Range = (1e5, 6e7)
    kind: str = "compute"


PYTHON = "/usr/bin/python3.11"
CONDA = "/home/anna/miniconda3/envs/ml/bin/python3.11"


def python(command: str, libraries: str) -> tuple[Code, ...]:
    """Return a script as the system's Python runs it and as one in a home folder does."""
    return (
        Code("python3", PYTHON, f"python3 {command}", libraries),
        Code("python3", CONDA, f"python {command}", libraries, (600, 2e7)),
    )


@dataclass(frozen=True)
class Work:
    """Ranges of what a GPU shows; sources as in `algorithms`.

    `peaks` are shares while it runs; `power` a share of the limit. `memory` is GiB beside the
    context, `memory_share` one of the card instead. `shape` makes its rhythm, `rates` what goes
    over the buses, `sockets` its connections.
    """

    family: str
    codes: tuple[Code, ...]
    peaks: Mapping[str, Range]
    power: Range
    shape: Callable[[Stage], Floats]
    memory: Range = (0, 0)
    memory_share: Range | None = None
    rates: Callable[[Stage, Floats], dict[str, Floats]] = lambda _stage, _level: {}
    sockets: Callable[[Stage], tuple[Flow, ...]] = lambda _stage: ()
    jitter: Range = (0.005, 0.03)
    cores: Range = (0.3, 1.3)
    resident: Range = (1e9, 8e9)
    threads: Range = (10, 80)
    read: Range = (1e3, 1e6)  # bytes per second
    write: Range = (1e2, 1e5)
    children: int = 0
    loading: Range = (1, 30)  # seconds until it begins
    lasting: Range | None = None  # seconds until it ends, if within a trace
    most: Severity | None = None
    kind: Kind = Kind.HONEST
    place: Callable[[Stage], dict[str, str]] = places.job


def play(stage: Stage, work: Work, seen: str = "all") -> Truth:
    """Put honest work on a stage: a process for each GPU, all of one job."""
    if work.lasting:
        begin = max(stage.begin, 5.0)
        stage = stage.between(begin, min(begin + stage.log_draw(*work.lasting), stage.end))
    code = work.codes[stage.rng.integers(len(work.codes))]
    words = {
        **work.place(stage),
        **({"executable_state": "deleted"} if stage.chance(0.03) else {}),  # upgraded meanwhile
        "name": code.name[:15],
        "executable": code.executable,
        "command": code.command,
        "command_hash": f"{stage.rng.integers(1 << 48):012x}",
        "kind": code.kind,
    }
    program = _program(stage, code)
    shape, habits = work.shape(stage), _habits(stage, work)
    actors = []
    for gpu in stage.gpus:
        load = _load(stage, work, shape, habits)
        host = {**_host(stage, work), "seen": seen}
        actors.append(stage.act(words, program, {gpu: load}, **host))
    _helpers(stage, work, words)
    begin = stage.node.begin
    return Truth(
        work.kind,
        work.family,
        stage.card.key,
        tuple(stage.node.uuids[gpu] for gpu in stage.gpus),
        begin + max(stage.begin, 0),
        begin + min(stage.end, stage.node.seconds),
        processes=tuple(actor.in_gpu_process for actor in actors),
        most=work.most,
    )


def _program(stage: Stage, code: Code) -> Program:
    """Return what stands behind it, with the oddities that honest programs have, too."""
    libraries = code.libraries
    if " torch" in libraries and stage.chance(0.5):
        libraries = " ".join(sorted([*libraries.split(), "nvml"]))
    allocator = "/opt/allocator/lib/libtcmalloc.so.4" if stage.chance(0.04) else ""
    shared = "others" if stage.chance(0.04) else ""  # scratch folders of a whole group
    age = stage.log_draw(*code.age)
    return Program(libraries, shared, preload=allocator, executable_age_seconds=age)


def _habits(stage: Stage, work: Work) -> dict[str, float]:
    peaks = {name: stage.draw(*span) for name, span in work.peaks.items()}
    peaks["power"] = above_awake(stage.card, stage.draw(*work.power))
    share = work.memory_share
    gib = stage.draw(*share) * stage.card.memory_gib if share else stage.draw(*work.memory)
    loading = stage.draw(*work.loading)
    return {**peaks, "gib": stage.fits(gib), "loading": loading, "jitter": stage.draw(*work.jitter)}


def _load(stage: Stage, work: Work, shape: Floats, habits: dict[str, float]) -> Load:
    peaks = {name: habits[name] for name in (*work.peaks, "power")}
    if stage.card.pipes and "busy" in peaks:
        peaks["busy"] = min(peaks["busy"], 0.99)
    loading = habits["loading"]
    level = stage.level(shape, loading)
    memory = stage.memory(habits["gib"], loading)
    rates = work.rates(stage, level.mean)
    return Load(peaks, level, memory, rates, habits["jitter"])


def _host(stage: Stage, work: Work) -> dict[str, object]:
    return {
        "cores": stage.draw(*work.cores),
        "resident_bytes": stage.log_draw(*work.resident),
        "threads": np.floor(stage.draw(*work.threads)),
        "read_rate": stage.log_draw(*work.read),
        "write_rate": stage.log_draw(*work.write),
        "flows": work.sockets(stage),
    }


def _helpers(stage: Stage, work: Work, words: dict[str, str]) -> None:
    """Add the workers that load data."""
    for _ in range(work.children):
        stage.act(words, None, {}, cores=stage.draw(0.2, 0.9), resident_bytes=stage.draw(2e8, 9e8))
