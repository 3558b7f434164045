"""Writes the dashboards into dashboards/; run by `make docs`, held current by a test."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from fleet import FLEET
from node import NODE
from panels import SOURCE, Json

FOLDER = Path(__file__).parent / "dashboards"
_COLUMNS = 24


def dashboard(
    uid: str, title: str, about: str, rows: Sequence[Json], variables: list[Json]
) -> Json:
    """Lay panels out from left to right; a row starts anew."""
    x = y = line = 0
    panels = []
    for at, panel in enumerate(rows):
        place = panel["gridPos"]
        if x + place["w"] > _COLUMNS:
            x, y, line = 0, y + line, 0
        panels.append({"id": at + 1, **panel, "gridPos": {"x": x, "y": y, **place}})
        x, line = x + place["w"], max(line, place["h"])
    source = {
        "name": "datasource",
        "type": "datasource",
        "query": "prometheus",
        "label": "Data source",
    }
    return {
        "uid": uid,
        "title": title,
        "description": about,
        "tags": ["aisec", "gpu", "security"],
        "schemaVersion": 39,
        "version": 1,
        "editable": False,
        "graphTooltip": 1,
        "refresh": "30s",
        "time": {"from": "now-1h", "to": "now"},
        "links": [
            {
                "type": "dashboards",
                "title": "GPU security",
                "tags": ["aisec"],
                "asDropdown": False,
                "keepTime": True,
            }
        ],
        "annotations": {"list": []},
        "templating": {"list": [source, *variables]},
        "panels": panels,
    }


def node_variable() -> Json:
    """Return the variable that chooses a node."""
    query = "label_values(aisec_build_info, instance)"
    return {
        "name": "instance",
        "label": "Node",
        "type": "query",
        "datasource": SOURCE,
        "definition": query,
        "query": {"query": query, "refId": "instances"},
        "refresh": 2,
        "sort": 1,
        "includeAll": False,
        "multi": False,
    }


def dashboards() -> dict[str, str]:
    """Return each file's text by its name."""
    node = dashboard(
        "aisec-node",
        "GPU node security",
        "One node: what is open and why, what its GPUs do, and what the monitor costs.",
        NODE,
        [node_variable()],
    )
    fleet = dashboard(
        "aisec-fleet",
        "GPU fleet security",
        "Every node, read from recording rules, so that thousands load as fast as ten.",
        FLEET,
        [],
    )
    made = {"aisec-node.json": node, "aisec-fleet.json": fleet}
    return {name: json.dumps(made[name], indent=2) + "\n" for name in made}


if __name__ == "__main__":
    for name, text in dashboards().items():
        (FOLDER / name).write_text(text, encoding="utf-8")
