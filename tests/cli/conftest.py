"""Commands in this process over fixture nodes; the same command is run once for all tests."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path
from unittest import mock

import pytest
from typer.testing import CliRunner

from aisec_daemon.cli import app
from tests.daemon import FAKE_SITE

HOSTS = Path(__file__).parents[1] / "hosts"


@cache
def _run(host: str, columns: int, *arguments: str):
    root = HOSTS / host
    env = {
        "PYTHONPATH": str(FAKE_SITE),
        "AISEC_FAKE_NVML": str(root / "nvml.json"),
        "AISEC_STATE": "/nonexistent/aisec",
        "AISEC_LISTEN": "127.0.0.1:0",
        "COLUMNS": str(columns),
    }
    command, *rest = arguments
    with mock.patch.dict(os.environ, env):
        return CliRunner().invoke(app, [command, "--root", str(root), *rest])


@pytest.fixture
def run():
    """Run a command over a fixture node: `run("training", "once", "--json", columns=80)`."""

    def run(host: str, *arguments: str, columns: int = 80):
        return _run(host, columns, *arguments)

    return run
