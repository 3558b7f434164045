"""Flows: TCP connections, as the bytes that went over them and when."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from tests.traces.generators.shapes import Floats


@dataclass(frozen=True, eq=False)
class Messages:
    """When something was sent, and how many bytes had been sent by then."""

    times: Floats
    bytes: Floats

    @classmethod
    def at(cls, times: Floats, sizes: Floats) -> Messages:
        order = np.argsort(times)
        return cls(times[order], np.cumsum(sizes[order]))

    @classmethod
    def none(cls) -> Messages:
        return cls(np.empty(0), np.empty(0))

    def upto(self, time: float) -> tuple[float, float]:
        """Return the bytes until `time`, and seconds since the last; NaN before the first."""
        count = int(np.searchsorted(self.times, time, side="right"))
        if not count:
            return 0.0, np.nan
        return float(self.bytes[count - 1]), float(time - self.times[count - 1])


@dataclass(frozen=True, eq=False)
class Flow:
    """One socket, from `begin` to `end` in seconds of the trace."""

    begin: float
    end: float
    peer: tuple[str, int] = ("0.0.0.0", 0)
    local: tuple[str, int] = ("0.0.0.0", 0)
    scope: str = "none"  # loopback, private, public, none
    state: str = "established"
    sent: Messages = field(default_factory=Messages.none)
    received: Messages = field(default_factory=Messages.none)


def regular(
    rng: np.random.Generator, begin: float, end: float, every: float, size: float, loose: float
) -> Messages:
    """Return messages about `every` seconds; `loose` is the deviation of the pause, as a share."""
    count = int((end - begin) / every * 1.5) + 4
    pauses = np.maximum(rng.normal(every, loose * every, count), every * 0.05)
    times = begin + rng.uniform(0, every) + np.cumsum(pauses)
    times = times[times < end]
    return Messages.at(times, size * rng.lognormal(0, 0.15, len(times)))


def random(
    rng: np.random.Generator, begin: float, end: float, every: float, size: float
) -> Messages:
    """Return messages at random, one in `every` seconds in the mean."""
    lasting = max(end - begin, 0.0)
    times = begin + rng.uniform(0, lasting, rng.poisson(lasting / every))
    return Messages.at(times, size * rng.lognormal(0, 0.3, len(times)))


def both(one: Messages, other: Messages) -> Messages:
    """Return two kinds of messages of one flow together."""
    sizes = [np.diff(m.bytes, prepend=0.0) for m in (one, other)]
    return Messages.at(np.concatenate([one.times, other.times]), np.concatenate(sizes))


def address(rng: np.random.Generator, scope: str) -> str:
    """Make up an address of a scope; public ones are of the blocks kept for documentation.

    (Python counts these as private: the scope is told beside them.)
    """
    last = int(rng.integers(1, 254))
    if scope == "loopback":
        return "127.0.0.1"
    if scope == "private":
        return f"10.{rng.integers(0, 200)}.{rng.integers(0, 200)}.{last}"
    return f"{rng.choice(['192.0.2', '198.51.100', '203.0.113'])}.{last}"


def listener(begin: float, end: float, port: int, host: str = "0.0.0.0") -> Flow:
    """Return a socket that waits for connections."""
    return Flow(begin, end, local=(host, port), state="listen")
