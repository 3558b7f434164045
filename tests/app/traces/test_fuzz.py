"""Whatever a file holds, it is read or refused, and what is read keeps its promises."""

from __future__ import annotations

import gzip
import random

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aisec_daemon.app.traces import TraceError
from tests.app.traces.logs import DMON, FULL, PMON, UNNAMED, opened, unnamed
from tests.app.traces.test_recorded import written

SAMPLES = {
    "query": FULL.encode(),
    "unnamed": "\n".join([UNNAMED, *unnamed(30, 4)]).encode(),
    "dmon": DMON.encode(),
    "pmon": PMON.encode(),
    "recording": written(range(20)) + written([3, 30]),
}
SCRAPS = (
    b"\0",
    b"\n",
    b"\r\n",
    b",",
    b"#",
    b"\xff\xfe",
    b'"',
    b"nan",
    b"inf",
    b"1e999",
    b"9" * 400,
)


def harmed(content: bytes, dice: random.Random) -> bytes:
    """Return the content with a few bytes changed, lost, doubled or put in."""
    for _ in range(dice.randint(1, 8)):
        at, to = sorted(dice.randrange(len(content) + 1) for _ in range(2))
        to = min(to, at + dice.choice([1, 5, 80]))
        scrap = dice.choice([*SCRAPS, dice.randbytes(dice.randint(1, 40)), content[at:to] * 3])
        content = content[:at] + dice.choice([b"", scrap]) + content[to:] or b"\n"
    return content


@pytest.mark.parametrize("form", SAMPLES)
@pytest.mark.parametrize("packed", [False, True])
@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32))
def test_harmed_files_are_read_or_refused(tmp_path, form, packed, seed):
    dice = random.Random(seed)
    content = harmed(SAMPLES[form], dice)
    if packed:
        content = harmed(gzip.compress(content), dice)
    try:
        trace = opened(tmp_path, content, period=dice.choice([1.0, 0.1]))
        snapshots = list(trace.snapshots())
    except TraceError:
        return

    for table in {snapshot.table.name for snapshot in snapshots}:
        times = [snapshot.time for snapshot in snapshots if snapshot.table.name == table]
        assert (np.diff(times) > 0).all()
    assert all(np.isfinite(s.values).all() or not np.isinf(s.values).any() for s in snapshots)
    lines = content.count(b"\n") + 1
    assert packed or trace.bad_line_count <= lines
    assert packed or all(1 <= line <= lines for line, _ in trace.bad_lines)


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(tmp_path, content):
    try:
        list(opened(tmp_path, content).snapshots())
    except TraceError:
        return


def test_of_many_bad_lines_the_first_thousand_are_named(tmp_path):
    trace = opened(tmp_path, FULL + "nonsense\n" * 5000)
    list(trace.snapshots())

    assert trace.bad_line_count == 5000
    assert len(trace.bad_lines) == 1000


def test_a_log_that_names_gpus_without_end_is_bounded(tmp_path):
    rows = [f"2026/03/01 12:00:00.000, GPU-{n}, 1 W" for n in range(6000)]
    trace = opened(tmp_path, "\n".join(["timestamp, uuid, power.draw [W]", *rows]))

    assert sum(len(s.subjects) for s in trace.snapshots()) == 4096
    assert trace.bad_line_count == 6000 - 4096
