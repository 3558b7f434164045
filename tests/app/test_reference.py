"""The generated files are what the code says today."""

from __future__ import annotations

import re
from pathlib import Path

from aisec_daemon.app import catalogue, reference
from aisec_daemon.app.settings import load

ROOT = Path(__file__).parents[2]


def test_docs_metrics_is_current():
    assert reference.metrics_page() == (ROOT / "docs/metrics.md").read_text("utf-8"), "`make docs`"


def test_deploy_settings_file_is_current():
    assert reference.settings_file() == (ROOT / "deploy/aisec.toml").read_text("utf-8"), (
        "`make docs`"
    )


def test_the_settings_file_uncommented_sets_exactly_the_defaults(tmp_path):
    text = (ROOT / "deploy/aisec.toml").read_text("utf-8").split("# [[allow]]")[0]
    text = re.sub(r"^# (\w+ = )", r"\1", text, flags=re.MULTILINE)
    file = tmp_path / "aisec.toml"
    file.write_text(text, "utf-8")

    assert load(file).model_dump() == load(None).model_dump()


def test_every_metric_is_in_the_docs():
    page = reference.metrics_page()
    for table in catalogue.tables().values():
        for label in (*table.series, *table.info):
            assert f"`{label}`" in page
        assert f"## `{table.name}`" in page
