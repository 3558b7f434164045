"""The page of checks is what the declaration says today."""

from __future__ import annotations

from pathlib import Path

from aisec_daemon.app.checks_page import checks_page, main
from aisec_daemon.detectors.posture.checks import CHECKS

FILE = Path(__file__).parents[2] / "docs/posture-checks.md"


def test_it_is_current():
    assert checks_page() == FILE.read_text("utf-8"), "`make docs`"


def test_every_check_has_its_two_rows():
    lines = checks_page().splitlines()
    for check in CHECKS:
        rows = [line for line in lines if line.startswith(f"| `{check.name}` | ")]

        assert len(rows) == 2
        assert all(known in rows[0] for known in check.ids)
        assert check.kubernetes in rows[1]
        assert rows[0].count("|") == 7
        assert rows[1].count("|") == 5


def test_it_is_written(tmp_path, monkeypatch):
    monkeypatch.setattr("sys.argv", ["", str(tmp_path / "page.md")])
    main()

    assert (tmp_path / "page.md").read_text("utf-8") == checks_page()
