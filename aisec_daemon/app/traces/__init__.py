"""Traces: files that people already have, read as if a node were being watched.

`open_trace(path)` knows what a file is by its first lines:

- a recording of `aisec-daemon record`: JSON lines, gzip or plain, appended to or cut off;
- a log of `nvidia-smi --query-gpu=… --format=csv`, with nounits or without, by -l or -lms, in any
  choice and order of columns that its header names;
- a log of `nvidia-smi dmon` or `nvidia-smi pmon`, with any -s and -o.

What a log does not hold is not read: NaN, or None for a word. Numbers are brought to base units.
Lines that cannot be read are passed over, counted and named; times that do not rise are mended and
counted. A file is read a piece at a time, whatever its size.

One file a matter: `blocks` and `lines` read, `headings` and `columns` say what a field is,
`numbers`, `stamps` and `timing` what it says, `polls` which rows belong together, `gpus` whom they
are about, `steady` mends times; `gpu_log`, `pmon` and `recorded` put it together for one format.
"""

from aisec_daemon.app.traces.faults import TraceError
from aisec_daemon.app.traces.opening import open_trace
from aisec_daemon.app.traces.trace import Trace

__all__ = ["Trace", "TraceError", "open_trace"]
