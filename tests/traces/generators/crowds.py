"""Sockets of honest work: clients, peers, dashboards, notebooks."""

from __future__ import annotations

import numpy as np

from tests.traces.generators import flows
from tests.traces.generators.flows import Flow
from tests.traces.generators.stage import Stage


def together(*kinds):
    """Return sockets of several kinds at once."""

    def sockets(stage: Stage) -> tuple[Flow, ...]:
        return tuple(flow for kind in kinds for flow in kind(stage))

    return sockets


def sometimes(share: float, kind):
    """Return sockets of a kind in this share of the scenes, else none."""

    def sockets(stage: Stage) -> tuple[Flow, ...]:
        return kind(stage) if stage.chance(share) else ()

    return sockets


def _local(stage: Stage) -> tuple[str, int]:
    return "10.0.0.5", int(stage.rng.integers(32768, 60000))


def _shown(stage: Stage) -> float:
    """Return when connections begin that may still be there when the trace begins."""
    return max(stage.begin + 1, -100.0)


def clients(stage: Stage) -> tuple[Flow, ...]:
    """Users of a server: a listener, and connections that come and go, answers streamed back."""
    rng = stage.rng
    port = int(rng.choice([8000, 8001, 8080, 30000, 50051, 443]))
    found = [flows.listener(stage.begin, stage.end, port)]
    scope = stage.pick("private", "public", "loopback")
    for _ in range(int(rng.integers(4, 24))):
        begin = stage.draw(_shown(stage), stage.end - 5)
        end = min(begin + stage.log_draw(5, 400), stage.end)
        asked = flows.random(rng, begin, end, 20, 3000)
        answered = flows.random(rng, begin, end, 0.5, 300)
        peer = (flows.address(rng, scope), int(rng.integers(32768, 60000)))
        found.append(
            Flow(begin, end, peer, ("10.0.0.5", port), scope, sent=answered, received=asked)
        )
    return tuple(found)


def few_clients(stage: Stage) -> tuple[Flow, ...]:
    """One or two programs that ask a server now and then, over connections kept for long."""
    rng, port = stage.rng, 50051
    found = [flows.listener(stage.begin, stage.end, port)]
    for _ in range(int(rng.integers(1, 3))):
        asked = flows.random(rng, stage.begin, stage.end, stage.draw(4, 60), 2e4)
        answers = flows.Messages.at(asked.times + 0.2, np.full(len(asked.times), 800.0))
        peer = (flows.address(rng, "private"), int(rng.integers(32768, 60000)))
        local = ("10.0.0.5", port)
        ends = stage.begin, stage.end
        found.append(Flow(*ends, peer, local, "private", sent=answers, received=asked))
    return tuple(found)


def dashboard(stage: Stage) -> tuple[Flow, ...]:
    """An experiment tracker: one connection for hours over TLS, some kilobytes now and then."""
    rng, begin, end = stage.rng, stage.begin + 2, stage.end
    told = flows.regular(rng, begin, end, stage.draw(5, 30), stage.draw(600, 4000), 0.2)
    answers = flows.Messages.at(told.times + 0.15, np.full(len(told.times), 350.0))
    alive = flows.regular(rng, begin, end, stage.draw(30, 60), 60, 0.05)
    peer = (flows.address(rng, "public"), 443)
    received = flows.both(answers, alive)
    return (Flow(begin, end, peer, _local(stage), "public", sent=told, received=received),)


def peers(stage: Stage) -> tuple[Flow, ...]:
    """Other ranks: a rendezvous that is quiet, and rings that are not where a job spans nodes."""
    rng, begin, end = stage.rng, stage.begin + 1, stage.end
    beat = flows.regular(rng, begin, end, 5, 120, 0.1)
    peer = (flows.address(rng, "private"), 29500)
    found = [Flow(begin, end, peer, _local(stage), "private", sent=beat, received=beat)]
    if stage.chance(0.3):
        for _ in range(4):
            peer = (flows.address(rng, "private"), int(rng.integers(32768, 60000)))
            ring = flows.regular(rng, begin, end, 0.3, stage.log_draw(1e6, 1e8), 0.2)
            found.append(Flow(begin, end, peer, _local(stage), "private", sent=ring, received=ring))
    return tuple(found)


def notebook(stage: Stage) -> tuple[Flow, ...]:
    """A kernel's own sockets: listeners and the server's connections, over loopback."""
    rng, begin, end = stage.rng, stage.begin, stage.end
    ports = [int(p) for p in rng.integers(33000, 60000, 5)]
    found = [flows.listener(begin, end, port, "127.0.0.1") for port in ports]
    for port in ports:
        beat = flows.regular(rng, begin, end, 3, 40, 0.05)
        peer = ("127.0.0.1", int(rng.integers(33000, 60000)))
        local = ("127.0.0.1", port)
        found.append(Flow(begin, end, peer, local, "loopback", sent=beat, received=beat))
    return tuple(found)


def coordinator(stage: Stage) -> tuple[Flow, ...]:
    """A federation's server: one connection kept for hours, models exchanged every few minutes."""
    rng, begin, end = stage.rng, stage.begin + 2, stage.end
    rounds = np.arange(begin + stage.draw(10, 90), end, stage.draw(90, 300))
    size = stage.log_draw(2e6, 2e8)
    models = flows.Messages.at(rounds, np.full(len(rounds), size))
    beat = flows.regular(rng, begin, end, stage.draw(5, 30), 90, 0.1)
    both = flows.both(models, beat)
    peer = (flows.address(rng, stage.pick("public", "private")), stage.pick_port(443, 8002, 9092))
    scope = "private" if peer[0].startswith("10.") else "public"
    return (Flow(begin, end, peer, _local(stage), scope, sent=both, received=both),)


def storage(stage: Stage) -> tuple[Flow, ...]:
    """Files read from an object store: large answers, connection after connection."""
    rng, found = stage.rng, []
    at = _shown(stage)
    while at < stage.end and len(found) < 12:
        end = min(at + stage.log_draw(10, 200), stage.end)
        read = flows.regular(rng, at, end, 0.5, stage.log_draw(1e5, 2e7), 0.3)
        asked = flows.Messages.at(read.times - 0.1, np.full(len(read.times), 400.0))
        peer = (flows.address(rng, "private"), 443)
        found.append(Flow(at, end, peer, _local(stage), "private", sent=asked, received=read))
        at = end + stage.draw(0, 30)
    return tuple(found)


def quiet_link(stage: Stage) -> tuple[Flow, ...]:
    """Something kept open and hardly used: a database, a licence server, a message queue."""
    rng, begin, end = stage.rng, stage.begin, stage.end
    beat = flows.regular(rng, begin, end, stage.draw(10, 60), stage.draw(60, 400), 0.1)
    peer = (flows.address(rng, "private"), stage.pick_port(5432, 6379, 27000, 5672, 3306))
    return (Flow(begin, end, peer, _local(stage), "private", sent=beat, received=beat),)


def projects(stage: Stage) -> tuple[Flow, ...]:
    """A volunteer project's servers: a work unit every few minutes, nothing between."""
    rng, found, at = stage.rng, [], _shown(stage)
    while at < stage.end:
        end = min(at + stage.draw(5, 30), stage.end)
        read = flows.regular(rng, at, end, 0.5, 2e5, 0.3)
        peer = (flows.address(rng, "public"), 443)
        found.append(Flow(at, end, peer, _local(stage), "public", sent=read, received=read))
        at = end + stage.draw(120, 600)
    return tuple(found)
