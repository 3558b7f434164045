"""Reads the views twice in an interpreter of its own; prints what lasts, as JSON.

Arguments: pids that NVML is to list, comma-separated or empty; pids to be heard of, likewise.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from types import SimpleNamespace

from aisec_daemon.app import catalogue
from aisec_daemon.detectors.process_hidden import ProcessHidden
from aisec_daemon.host.container.images import Images
from aisec_daemon.host.proc.processes import Processes
from aisec_daemon.host.tally import Tally
from aisec_daemon.host.views.views import Views
from aisec_daemon.pipeline.pipeline import Pipeline
from aisec_daemon.samplers.process_view import ProcessView


def host(gpu_pids: str, heard: str) -> SimpleNamespace:
    """Return this very host, but for the driver and the connector."""
    listed = [SimpleNamespace(pid=int(pid)) for pid in gpu_pids.split(",") if pid]
    identity = SimpleNamespace(uuid="GPU-a")
    gpu = SimpleNamespace(processes=listed, processes_fresh=True, identity=identity)
    nvml = SimpleNamespace(read=lambda: SimpleNamespace(gpus=[gpu]))
    processes = Processes(Path("/"), Tally(), b"k" * 16, connector=False)
    pids = frozenset(int(pid) for pid in heard.split(",") if pid)
    known = SimpleNamespace(lookup=processes.lookup, heard=lambda: pids, connector_error="")
    return SimpleNamespace(
        nvml=nvml, processes=known, views=Views(Path("/")), images=Images(Path("/"), Tally())
    )


def main() -> None:
    node = host(*sys.argv[1:])
    pipeline = Pipeline(catalogue.tables(), [ProcessHidden()], {})
    for turn in range(2):
        snapshot = ProcessView(sweep_pids=0).read(node, 1000.0 + 10 * turn)
        tick = pipeline.step(snapshot)
    rows = [
        {name: column[at] for name, column in snapshot.labels.items()}
        for at, runs in enumerate(snapshot["lasting_runs"])
        if runs > 1
    ]
    told = {
        "suspects": {row["pid"]: row for row in rows if row["view"] == "suspect"},
        "libraries": {row["executable"]: row["calls"] for row in rows if row["view"] == "library"},
        "lacks": {row["view"]: row["lack"] for row in rows if row["lack"]},
        "findings": {f.key: [f.severity.word, f.reason] for f in tick.findings},
    }
    sys.stdout.write(json.dumps(told))


if __name__ == "__main__":
    main()
