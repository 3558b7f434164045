"""Writes base/prometheusrule-….yaml from deploy/prometheus; run by `make docs`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

FOLDER = Path(__file__).parent
RULES = {
    "aisec-monitor": ("aisec-recording.rules.yml", "aisec-monitor.rules.yml"),
    "aisec-findings": ("aisec-findings.rules.yml",),
}
_HEAD = "# Made from deploy/prometheus by `make docs`.\n"


class _Dumper(yaml.SafeDumper):
    """Texts of several lines stay readable."""


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = "|" if "\n" in text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _text)


def prometheus_rule(name: str, files: Sequence[str]) -> str:
    """Return the object with the groups of these rule files."""
    folder = FOLDER.parent / "prometheus"
    read = [yaml.safe_load((folder / file).read_text("utf-8")) for file in files]
    rule: dict[str, Any] = {
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "PrometheusRule",
        "metadata": {
            "name": name,
            "namespace": "aisec-daemon",
            "labels": {"app.kubernetes.io/name": "aisec-daemon"},
        },
        "spec": {"groups": [group for file in read for group in file["groups"]]},
    }
    return _HEAD + yaml.dump(rule, Dumper=_Dumper, sort_keys=False, width=100)


def rules() -> dict[str, str]:
    """Return each file's text by its name."""
    return {
        f"prometheusrule-{name.removeprefix('aisec-')}.yaml": prometheus_rule(name, files)
        for name, files in RULES.items()
    }


if __name__ == "__main__":
    for file, text in rules().items():
        (FOLDER / "base" / file).write_text(text, encoding="utf-8")
