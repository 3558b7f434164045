"""Writes base/prometheusrule.yaml from deploy/prometheus; run by `make docs`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

FOLDER = Path(__file__).parent
RULES = ("aisec-recording.rules.yml", "aisec-alerts.rules.yml")
_HEAD = "# Made from deploy/prometheus by `make docs`.\n"


class _Dumper(yaml.SafeDumper):
    """Texts of several lines stay readable."""


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = "|" if "\n" in text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _text)


def prometheus_rule() -> str:
    """Return the object with the groups of all rule files."""
    folder = FOLDER.parent / "prometheus"
    files = [yaml.safe_load((folder / name).read_text("utf-8")) for name in RULES]
    rule: dict[str, Any] = {
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "PrometheusRule",
        "metadata": {
            "name": "aisec-daemon",
            "namespace": "aisec-daemon",
            "labels": {"app.kubernetes.io/name": "aisec-daemon"},
        },
        "spec": {"groups": [group for file in files for group in file["groups"]]},
    }
    return _HEAD + yaml.dump(rule, Dumper=_Dumper, sort_keys=False, width=100)


if __name__ == "__main__":
    (FOLDER / "base/prometheusrule.yaml").write_text(prometheus_rule(), encoding="utf-8")
