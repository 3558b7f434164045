"""Opening: what kind of file this is, by its first lines."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from itertools import islice
from pathlib import Path

import numpy as np

from aisec_daemon.app import catalogue
from aisec_daemon.app.traces.faults import Faults, TraceError
from aisec_daemon.app.traces.gpu_log import read_dmon, read_query
from aisec_daemon.app.traces.headings import monitor_heading, query_heading
from aisec_daemon.app.traces.lines import lines
from aisec_daemon.app.traces.pmon import read_pmon
from aisec_daemon.app.traces.recorded import LONGEST, read_recording
from aisec_daemon.app.traces.steady import usual
from aisec_daemon.app.traces.timing import Timing
from aisec_daemon.app.traces.trace import Trace
from aisec_daemon.model import Snapshot, Table
from aisec_daemon.model.decoder import Decoder
from aisec_daemon.model.recording import is_header

_LOOKED_AT = 100  # lines
_TRIED = 256  # snapshots
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")
_VALUES = re.compile(rb"\d\s(W|MiB|MHz|%)|\[N/A\]|\d\d:\d\d:\d\d|^[\s\d.,-]+$")

Read = Callable[[Faults], Iterator[Snapshot]]


def open_trace(path: Path, period: float | None = None, start: float = 0.0) -> Trace:
    """Return a file as a trace; TraceError, in one sentence, if it is none.

    `period` is the seconds between polls, needed for logs of `--query-gpu` without a timestamp.
    `start` (seconds since 1970) is when such a log, or one of dmon or pmon without -o T, begins;
    with the time of day alone it is the midnight before; times that count from zero begin there.
    """
    if period is not None and not period > 0:
        raise TraceError(f"a period of {period} s is none: it must be above zero")
    try:
        kind, read, known = _recognised(path, Timing(period, start))
        periods = _measured(read) if kind != "recording" else _stated(read, known)
    except OSError as error:
        raise TraceError(f"{path} cannot be read: {error.strerror}") from error
    except TraceError as error:
        raise TraceError(f"{path}: {error}") from error
    if not periods:
        raise TraceError(f"{path}: it is a {kind} without a reading")
    return Trace(path, kind, periods, read)


def _recognised(path: Path, timing: Timing) -> tuple[str, Read, dict[str, float]]:
    """Return the kind of a file and what reads it, and where a recording's periods will be."""
    if path.exists() and not path.is_file():
        raise TraceError("it is no file that can be read twice")
    tables = catalogue.tables()
    looked_at, faults = [], Faults()
    for text in islice(_texts(path, faults), _LOOKED_AT):
        looked_at.append(text)
        if is_header(text):
            periods: dict[str, float] = {}
            return "recording", partial(_recording, path, tables, periods), periods
        if query_heading(text):
            return "nvidia-smi csv", partial(read_query, path, tables["gpu"], timing), {}
        heading = monitor_heading(text)
        if heading and "pid" in heading.names:
            return "nvidia-smi pmon", partial(read_pmon, path, tables["gpu_process"], timing), {}
        if heading:
            return "nvidia-smi dmon", partial(read_dmon, path, tables["gpu"], timing), {}
    raise TraceError(_refusal(looked_at, faults))


def _texts(path: Path, faults: Faults) -> Iterator[bytes]:
    for _, texts in lines(path, faults, LONGEST):
        yield from (text for text in texts if text and not text.isspace())


def _refusal(texts: list[bytes], faults: Faults) -> str:
    if not texts:
        return faults.bad_lines[0][1] if faults.bad_lines else "it is empty"
    if texts[0].startswith(_UTF_16):
        return "it is UTF-16 text: convert it to UTF-8"
    if any(b"," in text and _VALUES.search(text) for text in texts):
        return "it does not name its columns: log with the header, without noheader"
    return "it is neither a recording nor a log of nvidia-smi (--query-gpu as CSV, dmon or pmon)"


def _recording(
    path: Path, tables: Mapping[str, Table], periods: dict[str, float], faults: Faults
) -> Iterator[Snapshot]:
    decoder = Decoder(tables)
    for snapshot in read_recording(path, decoder, faults):
        periods.update(decoder.periods)
        yield snapshot


def _stated(read: Read, periods: dict[str, float]) -> dict[str, float]:
    for _ in read(Faults()):
        return dict(periods)
    return {}


def _measured(read: Read) -> dict[str, float]:
    times: dict[str, list[float]] = defaultdict(list)
    for snapshot in islice(read(Faults()), _TRIED):
        times[snapshot.table.name].append(snapshot.time)
    return {table: usual(np.array(stamps)) for table, stamps in times.items()}
