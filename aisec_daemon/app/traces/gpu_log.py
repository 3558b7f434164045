"""Logs about GPUs: `nvidia-smi --query-gpu=… --format=csv` and `nvidia-smi dmon`.

The columns of the first are those of `nvidia-smi --help-query-gpu`, those of the second are told in
nvidia-smi(1), "Device Monitoring".
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from aisec_daemon.app.traces.columns import DMON, QUERY, QUERY_WORDS, placed
from aisec_daemon.app.traces.faults import Faults, TraceError
from aisec_daemon.app.traces.gpu_rows import GpuRows, Layout
from aisec_daemon.app.traces.headings import Heading, monitor_heading, query_heading
from aisec_daemon.app.traces.runs import runs
from aisec_daemon.app.traces.steady import Steady
from aisec_daemon.app.traces.timing import Counted, Timing
from aisec_daemon.model import Snapshot, Table

_MONITOR_PERIOD = 1.0  # what dmon and pmon do unless told otherwise


def read_query(path: Path, table: Table, timing: Timing, faults: Faults) -> Iterator[Snapshot]:
    """Yield what `--query-gpu` logged; TraceError if it has no times and no period is given."""

    def layout(heading: Heading) -> Layout:
        at, times = timing.of_query(heading.names)
        words = {QUERY_WORDS[n]: i for i, n in enumerate(heading.names) if n in QUERY_WORDS}
        numbers = placed(heading.names, QUERY, table)
        if times is None and timing.period is None:
            raise TraceError("it has no times: say how many seconds lie between its polls")
        return Layout(len(heading.names), numbers, words, at, times)

    period = timing.period or 1.0
    return _read(path, table, Counted(timing.start, period), query_heading, layout, timing, faults)


def read_dmon(path: Path, table: Table, timing: Timing, faults: Faults) -> Iterator[Snapshot]:
    """Yield what dmon logged; without -o T it is taken to have read once a second."""

    def layout(heading: Heading) -> Layout:
        at, times = timing.of_monitor(heading.names)
        numbers = placed(heading.names, DMON, table)
        return Layout(len(heading.names), numbers, {"index": heading.names.index("gpu")}, at, times)

    period = timing.period or _MONITOR_PERIOD
    counted = Counted(timing.start, period)
    return _read(path, table, counted, monitor_heading, layout, timing, faults)


def _read(
    path: Path,
    table: Table,
    untimed: Counted,
    read_heading: Callable[[bytes], Heading | None],
    layout: Callable[[Heading], Layout],
    timing: Timing,
    faults: Faults,
) -> Iterator[Snapshot]:
    clock = Steady(faults, timing.period)
    run: GpuRows | None = None
    for rows in runs(path, faults, read_heading):
        if run is None or rows.begins:
            if run is not None:
                yield from run.finish()
            run = GpuRows(table, layout(rows.heading), clock, untimed, faults)
        yield from run.add(rows.lines, rows.fields)
    if run is not None:
        yield from run.finish()
