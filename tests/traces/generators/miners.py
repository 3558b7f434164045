"""Miners: one scene of mining, from an algorithm and an evasion."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from tests.traces.generators import honest_training, pools
from tests.traces.generators.actor import Actor
from tests.traces.generators.algorithms import ALGORITHMS, Range
from tests.traces.generators.evasions import EVASIONS
from tests.traces.generators.load import Load, above_awake
from tests.traces.generators.plan import Plan, plain
from tests.traces.generators.shapes import Floats, dips, steps
from tests.traces.generators.stage import Stage
from tests.traces.generators.truth import Kind, Truth

_LOW_CLOCK_HERTZ = 0.81e9  # [doc] what two miners' own pages lock the memory clock to


def mine(stage: Stage, algorithm: str, evasion: str = "") -> Truth:
    """Put a miner on a stage; it takes all GPUs of it."""
    plan = plain(stage, ALGORITHMS[algorithm])
    if evasion:
        plan = EVASIONS[evasion](stage, plan)
    for gpu in stage.gpus:
        stage.node.power_limit_shares[gpu] = plan.power_limit_share
    if "beside" in plan.hiding:
        honest_training.beside(stage)
    habits = Habits.drawn(stage, plan)
    actors = [a for begin, end in plan.runs for a in _run(stage.between(begin, end), plan, habits)]
    begin = stage.node.begin
    return Truth(
        Kind.MINING,
        algorithm,
        stage.card.key,
        tuple(stage.node.uuids[gpu] for gpu in stage.gpus),
        begin + plan.first,
        begin + min(stage.end, stage.node.seconds),
        evasion,
        tuple(dict.fromkeys(a.in_gpu_process for a in actors if a.seen != "none")),
        rules=plan.rules,
    )


class Habits:
    """What stays the same from run to run of one miner."""

    def __init__(self, peaks: dict[str, float], gib: float, cores: float, clock: float) -> None:
        self.peaks, self.gib, self.cores, self.clock = peaks, gib, cores, clock

    @classmethod
    def drawn(cls, stage: Stage, plan: Plan) -> Habits:
        a, card = plan.algorithm, stage.card

        def draw(span: Range) -> float:
            return stage.draw(*span)

        busy = min(draw(a.busy), 0.99 if card.pipes else 1.0)  # Hopper's driver says 0.99 at most
        peaks = {
            "busy": busy,
            "memory": draw(a.memory_large if card.large else a.memory),
            "power": above_awake(card, draw(a.power_large if card.large else a.power)),
            "sm": min(busy + 0.007, 1.0),
            "occupancy": stage.draw(0.25, 0.65),  # [recorded] 0.33 to 0.57
            "integer": draw(a.integer),
            "imma": draw(a.imma),
            "dram": draw(a.dram),
        }
        table = a.table(stage.node.begin) if callable(a.table) else draw(a.table)
        low = not card.large and stage.chance(a.low_memory_clock)
        clock = min(_LOW_CLOCK_HERTZ / card.memory_hertz, 1.0) if low else 1.0
        # [recorded] a thread that waits by turning takes a core; miners let it sleep [reasoned]
        cores = stage.draw(0.9, 1.0) if stage.chance(0.15) else stage.log_draw(0.005, 0.2)
        return cls(peaks, stage.fits(table + draw(a.other)), cores, clock)


def _run(stage: Stage, plan: Plan, habits: Habits) -> Iterator[Actor]:
    """Let it run once: one process for all GPUs, or one for each."""
    groups = [(gpu,) for gpu in stage.gpus] if stage.chance(0.3) else [stage.gpus]
    for gpus in groups:
        more = {
            "cores": len(gpus) * habits.cores,
            "resident_bytes": stage.draw(2e8, 1.2e9),
            "threads": float(stage.rng.integers(6, 12) + 3 * len(gpus)),
            "read_rate": stage.log_draw(10, 3000),
            "write_rate": stage.log_draw(50, 3000),  # its log
            "flows": pools.sockets(stage, plan, len(gpus)),
            "seen": plan.seen,
        }
        if "shell" in plan.hiding:
            more |= _shell(stage, plan)
        uses = {gpu: _load(stage, plan, habits) for gpu in gpus}
        yield stage.act(plan.words, plan.program, uses, **more)


def _shell(stage: Stage, plan: Plan) -> dict[str, int]:
    """Add the shell that the process was before; return its pid and start time."""
    words = {**plan.words, "name": "bash", "executable": "/usr/bin/bash", "command": "bash run.sh"}
    shell = stage.between(stage.begin - 20, stage.begin).act(words, None, {})
    return {"pid": shell.pid, "start": shell.start}


def _load(stage: Stage, plan: Plan, habits: Habits) -> Load:
    """Return the load on one GPU: no two cards are quite alike."""
    build = stage.draw(*plan.algorithm.build_seconds)
    own = stage.rng.normal(1, 0.01)
    peaks = {**habits.peaks, "power": min(habits.peaks["power"] * own, 1.0)}
    level = stage.level(plan.shape * _rhythm(stage, plan), ramp=build / 3)
    # [recorded] 0.3 MB/s more than the monitor's own; [post] up to 38 MB/s on a card of 2016
    bus = stage.log_draw(2e3, 2e6)
    rates = {"pcie_tx": bus * np.ones(stage.node.seconds), "pcie_rx": bus * 1.3}
    jitter = stage.draw(*plan.algorithm.jitter)
    memory = stage.memory(habits.gib, build)
    return Load(peaks, level, memory, rates, jitter, habits.clock)


def _rhythm(stage: Stage, plan: Plan) -> Floats:
    """Return the algorithm's own rhythm, around 1."""
    shape = np.ones(len(stage.at))
    if plan.algorithm.dips:
        every, lasting, depth = (stage.draw(*span) for span in plan.algorithm.dips)
        shape *= dips(stage.at, every, min(lasting, every / 2), depth, stage.rng.random())
    if plan.algorithm.steps:
        every, spread = plan.algorithm.steps
        shape *= np.clip(steps(stage.rng, stage.at, every, spread), 0.85, 1.1)
    return shape
