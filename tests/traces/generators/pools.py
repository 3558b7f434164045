"""Pools: a miner's sockets.

Sizes are those of JSON-RPC over TCP [reasoned], blocks and shares those of the algorithm.
"""

from __future__ import annotations

import numpy as np

from tests.traces.generators import flows
from tests.traces.generators.flows import Flow
from tests.traces.generators.plan import Plan
from tests.traces.generators.stage import Stage

_API_PORTS = (4067, 4068, 4014, 21550, 22333, 4028, 1880, 10293)  # [doc] of miners' own pages


def sockets(stage: Stage, plan: Plan, gpus: int) -> tuple[Flow, ...]:
    """Return the flow to the pool, sometimes the miner's own API."""
    found = [_pool(stage, plan, gpus)]
    # who hides switches it off
    if stage.chance(0.6 if not plan.hides else 0.1):
        port = int(stage.rng.choice(_API_PORTS))
        found.append(flows.listener(stage.begin, stage.end, port, "127.0.0.1"))
    return tuple(found)


def _pool(stage: Stage, plan: Plan, gpus: int) -> Flow:
    rng, a = stage.rng, plan.algorithm
    begin, end = stage.begin + 1, stage.end
    jobs = flows.regular(rng, begin, end, stage.draw(*a.pushed), stage.draw(200, 1200), 0.6)
    every = max(stage.draw(*a.share_seconds) / gpus, 0.5)
    shares = flows.random(rng, begin + 5, end, every, stage.draw(*a.share_bytes))
    replies = flows.Messages.at(shares.times + 0.05, np.full(len(shares.times), 60.0))
    hello = flows.regular(rng, begin, begin + 1, 0.4, 900.0 if plan.port == 443 else 250.0, 0.1)
    return Flow(
        begin,
        end,
        (flows.address(rng, plan.scope), plan.port),
        ("10.0.0.5", int(rng.integers(32768, 60000))),
        plan.scope,
        sent=flows.both(hello, shares),
        received=flows.both(jobs, replies),
    )
