"""Evasions: how a miner hides, each a change of its plan; these change when and how it works."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from tests.traces.generators import disguises
from tests.traces.generators.plan import Plan, unlisted
from tests.traces.generators.shapes import bursts, square
from tests.traces.generators.stage import Stage

Evasion = Callable[[Stage, Plan], Plan]


def shell(stage: Stage, plan: Plan) -> Plan:
    """A shell lives for a while under the pid that then becomes the miner."""
    waits = stage.draw(20, 60)
    start = stage.begin + waits
    hiding = (*plan.hiding, "shell")
    words = unlisted(stage, plan)
    return replace(plan, words=words, runs=((start, stage.end),), first=start, hiding=hiding)


def power_limited(stage: Stage, plan: Plan) -> Plan:
    """The power limit is lowered, as miners do for efficiency and quiet."""
    words = unlisted(stage, plan)
    return replace(plan, words=words, power_limit_share=stage.draw(0.45, 0.75))


def throttled(stage: Stage, plan: Plan) -> Plan:
    """Half of the load, in pauses too short for a meter (as --intensity makes them)."""
    shape = np.arange(len(stage.at)) % 2.0  # as fast as the grid of tenths can show it
    return replace(plan, words=unlisted(stage, plan), shape=shape)


def half_duty(stage: Stage, plan: Plan) -> Plan:
    """Half of the time, in turns of some seconds."""
    shape = square(stage.at, stage.log_draw(2, 40), 0.5, stage.rng.random())
    return replace(plan, words=unlisted(stage, plan), shape=shape)


def quarter_duty(stage: Stage, plan: Plan) -> Plan:
    """A quarter of the time, in turns of some seconds."""
    shape = square(stage.at, stage.log_draw(4, 60), 0.25, stage.rng.random())
    return replace(plan, words=unlisted(stage, plan), shape=shape)


def sleeping(stage: Stage, plan: Plan) -> Plan:
    """It works only while nobody is logged in: stretches of minutes, its table kept in memory."""
    watched = bursts(stage.rng, stage.at, 1 / 300, 150)
    for begin, end in _stretches(watched):
        person = {"user": "ines", "uid": "1009", "login_user": "ines", "unit": "session-7.scope"}
        stage.between(begin, end).act({**person, "name": "bash", "command": "-bash"}, None, {})
    shape = 1 - watched
    awake = np.flatnonzero(shape * (stage.at >= stage.begin) * (stage.at < stage.end))
    first = float(stage.at[awake[0]]) if len(awake) else stage.begin
    return replace(plan, words=unlisted(stage, plan), shape=shape, first=first)


def _stretches(active) -> list[tuple[float, float]]:
    edges = np.flatnonzero(np.diff(active, prepend=0.0, append=0.0)) / 10
    return [(float(b), float(e)) for b, e in zip(edges[::2], edges[1::2], strict=True)]


def tls(stage: Stage, plan: Plan) -> Plan:
    """Its pool is behind TLS on port 443, sometimes by a relay within the network."""
    scope = "private" if stage.chance(0.3) else "public"
    return replace(plan, words=unlisted(stage, plan), port=443, scope=scope)


def restarting(stage: Stage, plan: Plan) -> Plan:
    """It ends every minute and comes again under another pid."""
    runs, begin = [], stage.begin
    while begin < stage.end:
        end = min(begin + stage.draw(45, 75), stage.end)
        runs.append((begin, end))
        begin = end + stage.draw(1, 4)
    return replace(plan, words=unlisted(stage, plan), runs=tuple(runs))


def low_level(stage: Stage, plan: Plan) -> Plan:
    """A little on each of many GPUs."""
    share = stage.draw(0.1, 0.25)
    shape = square(stage.at, stage.draw(0.4, 0.9), share, stage.rng.random())
    return replace(plan, words=unlisted(stage, plan), shape=shape)


def beside(stage: Stage, plan: Plan) -> Plan:
    """It shares the GPU with somebody's training."""
    hiding = (*plan.hiding, "beside")
    return replace(plan, words=unlisted(stage, plan), hiding=hiding)


def blinding(stage: Stage, plan: Plan) -> Plan:
    """It stops the monitor for a while again and again, or breaks its access to the driver."""
    words = unlisted(stage, plan)
    if stage.node.blind or stage.node.deaf:  # somebody has done it already
        return replace(plan, words=words)
    at = stage.begin + stage.draw(5, 30)
    gaps = stage.node.blind if stage.chance(0.5) else stage.node.deaf
    while at < stage.end - 60:
        gaps.append((at, at + stage.draw(20, 60)))
        at += stage.draw(60, 180)
    return replace(plan, words=words)


EVASIONS: dict[str, Evasion] = {
    "renamed": disguises.renamed,
    "configured": disguises.configured,
    "deleted": disguises.deleted,
    "shell": shell,
    "power-limited": power_limited,
    "throttled-50": throttled,
    "duty-50": half_duty,
    "duty-25": quarter_duty,
    "sleeping": sleeping,
    "hidden": disguises.hidden,
    "hidden-from-proc": disguises.hidden_from_proc,
    "training-container": disguises.training_container,
    "python-named": disguises.python_named,
    "python-launched": disguises.python_launched,
    "libraries-mapped": disguises.libraries_mapped,
    "tls-443": tls,
    "restarting": restarting,
    "low-level": low_level,
    "kernel-thread": disguises.kernel_thread,
    "replaced": disguises.replaced,
    "defunct": disguises.defunct,
    "beside-training": beside,
    "blinding": blinding,
}
"""By name; `low-level` is for several GPUs, `blinding` changes the whole node."""

WHOLE_NODE = ("blinding",)
