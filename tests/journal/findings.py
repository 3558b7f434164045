"""Ticks that open, change and close findings, for tests of who is told of them."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from aisec_daemon.model import Change, Finding, Rule, Severity, Status, Tick
from tests.pipeline.tables import snapshot

RULE = Rule("hot", "Too hot", Severity.HIGH, "Summer.", technique="T1496")


def finding(name: str = "a", **more: object) -> Finding:
    """Return an open finding whose id is its name."""
    made = Finding(
        id=name,
        rule=RULE,
        key=name,
        status=Status.OPEN,
        severity=Severity.HIGH,
        subjects=(name,),
        score=1.5,
        peak=2.0,
        since=1.0,
        opened=2.0,
        closed=math.nan,
        reason=f"{name} is hot",
        facts={"degrees": 90.0, "where": "rack 4"},
        labels={"user": "alice"},
    )
    return replace(made, **more)


def change(what: str, *, time: float = 0.0, of: Finding | None = None) -> Change:
    of = of or finding()
    if what == "closed":
        of = replace(of, status=Status.CLOSED, closed=time)
    return Change(time, what, of)


def tick(*changes: Change, open_now: tuple[Finding, ...] = (), time: float = 0.0) -> Tick:
    now = snapshot(time, {"a": (1.0, 1.0)})
    return Tick(time, now, lambda: np.full((1, 3), np.nan), changes, open_now)
