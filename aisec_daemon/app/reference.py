"""Writes docs/metrics.md and deploy/aisec.toml from the code, so that neither can be wrong."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import orjson
from pydantic import BaseModel

from aisec_daemon.app import catalogue, settings
from aisec_daemon.app.costs import TREE_CPU, TREE_MEMORY
from aisec_daemon.app.daemon import UNPROTECTED
from aisec_daemon.app.remembered import EVICTED
from aisec_daemon.app.settings import Permit
from aisec_daemon.journal.families import FAMILIES
from aisec_daemon.model import State, Table
from aisec_daemon.model.exposition import FINDINGS, OWN, Family, families

_HEAD = """# Metrics

Made from the declarations in the code by `make docs`; a test holds it current. A number that could
not be read is absent, never 0. Identity is on the `_info` series: join with
`* on (uuid) group_left (index, name) aisec_gpu_info`.
"""

_TOML_HEAD = """# Every setting and its default. Check a file with: aisec-daemon check FILE
# Any of them is also a variable: AISEC_LISTEN, AISEC_DETECTORS__BLIND__AFTER.
"""


_BOARD = (TREE_CPU, TREE_MEMORY, UNPROTECTED, EVICTED)


def metrics_page() -> str:
    """Return docs/metrics.md."""
    parts = [
        _HEAD,
        "## The monitor itself and its findings\n",
        _rows((*FINDINGS, *OWN, *_BOARD, *FAMILIES, *_remembered(), *_of_sinks())),
    ]
    for name, table in sorted(catalogue.tables().items()):
        parts += [f"## `{name}`\n", table.help + "\n", _rows(families(table)), _labels(table)]
    return "\n".join(parts)


def _of_sinks() -> list[Family]:
    return [family for outlet in catalogue.sinks().values() for family in outlet.families]


def _remembered() -> list[Family]:
    """Return what detectors show of their memory."""
    found = []
    for plugin in catalogue.detectors().values():
        gauges = getattr(plugin(), "gauges", None)
        if gauges is not None and plugin.memory is not None:
            told = gauges(State.empty(plugin.memory))
            found += [Family(name, "gauge", about) for name, about, _ in told]
    return found


def _rows(rows: tuple[Family, ...]) -> str:
    """Return a table of metrics."""
    lines = ["| metric | type | labels | meaning |", "| --- | --- | --- | --- |"]
    for row in rows:
        labels = ", ".join(f"`{label}`" for label in row.labels)
        about = row.help + (" Only with `sinks.metrics.rows_max`." if row.opt_in else "")
        lines.append(f"| `{row.name}` | {row.kind} | {labels} | {about} |")
    return "\n".join(lines) + "\n"


def _labels(table: Table) -> str:
    """Return what the labels mean."""
    shown = {*table.series, *table.info, *table.aggregate}
    lines = [f"- `{label.name}`: {label.help}" for label in table.labels if label.name in shown]
    return "\n".join(lines) + "\n"


def settings_file() -> str:
    """Return deploy/aisec.toml: every key with its default, commented out."""
    model = settings.model()
    scalars, sections = [], []
    for name, field in model.model_fields.items():
        if name == "allow":
            continue
        default = field.get_default(call_default_factory=True)
        if isinstance(default, BaseModel):
            sections += _sections(name, default)
        else:
            scalars += _entry(name, default, field.description or "")
    return "\n".join([_TOML_HEAD, *scalars, *sections, *_permit(), ""])


def _sections(path: str, model: BaseModel) -> list[str]:
    """Return a section and those below it."""
    own, below = [], []
    for name, field in type(model).model_fields.items():
        value = getattr(model, name)
        if isinstance(value, BaseModel):
            below += _sections(f"{path}.{name}", value)
        else:
            own += _entry(name, value, field.description or "")
    about = (type(model).__doc__ or "").strip().splitlines()
    return (["", *(f"# {about[0]}" for _ in about[:1]), f"[{path}]", *own] if own else []) + below


def _entry(name: str, value: Any, description: str) -> list[str]:
    """Return one key; one without a default is shown empty."""
    text = '""' if value is None else orjson.dumps(value, default=str).decode()
    return [f"# {name} = {text}  # {description}"]


def _permit() -> list[str]:
    """Return an example of an exception."""
    lines = ["", "# " + (Permit.__doc__ or ""), "# [[allow]]"]
    example = {"rule": "blind", "subject": "gpu/*", "expires": "2027-01-31"}
    example |= {"owner": "ops@example.org", "reason": "GPUs are reset every night"}
    for name, field in Permit.model_fields.items():
        text = orjson.dumps(example.get(name, "")).decode()
        if name == "expires":
            text = text.strip('"')
        lines.append(f"# {name} = {text}  # {field.description}")
    return lines


def main() -> None:
    """Write the files named: metrics.md, then aisec.toml."""
    page, toml = sys.argv[1:]
    Path(page).write_text(metrics_page(), encoding="utf-8")
    Path(toml).write_text(settings_file(), encoding="utf-8")


if __name__ == "__main__":
    main()
