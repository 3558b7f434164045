"""The limit on what the connector may cost."""

from __future__ import annotations

import pytest

from aisec_daemon.host.proc import budget
from aisec_daemon.host.proc.budget import Budget


def test_a_second_gives_a_second_of_budget_and_no_more_is_saved(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A quiet hour does not pay for a storm."""
    now = [0.0]
    monkeypatch.setattr(budget, "monotonic", lambda: now[0])
    limit = Budget(10)
    spent = []
    for step in (0.0, 0.5, 3600.0):
        now[0] += step
        spent.append(sum(limit.spend() for _ in range(50)))

    assert spent == [10, 5, 10]
