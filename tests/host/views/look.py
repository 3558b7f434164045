"""Reads the views twice in an interpreter of its own; prints what lasts, as JSON.

Arguments: pids that NVML is to list, comma-separated or empty; pids to be heard of, likewise.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from aisec_daemon.host.views.views import Views


def pids(text: str) -> list[int]:
    return [int(word) for word in text.split(",") if word]


def main() -> None:
    views = Views(Path("/"))
    for _ in range(2):
        reading = views.read(pids(sys.argv[1]), pids(sys.argv[2]), sweep_pids=0)
    told = {
        "suspects": {
            str(s.pid): [s.known_by, s.missing_from, s.cover, s.runs]
            for s in reading.suspects
            if s.runs > 1
        },
        "libraries": reading.libraries,
        "lacks": {name: view.lack for name, view in reading.views.items() if view.lack},
    }
    sys.stdout.write(json.dumps(told))


if __name__ == "__main__":
    main()
