"""docs/nvml-traps.md names tests that are there."""

from __future__ import annotations

import re

from tests.daemon import ROOT

PAGE = (ROOT / "docs/nvml-traps.md").read_text("utf-8")
ROWS = [line for line in PAGE.splitlines() if line.startswith("| ") and "---" not in line][1:]


def test_every_trap_has_a_test_that_exists():
    for row in ROWS:
        named = re.findall(r"`(test_\w+\.py)::(test_\w+)`", row)

        assert len(named) == 1, row
        for file, test in named:
            assert f"\ndef {test}(" in (ROOT / "tests/host/nvml" / file).read_text("utf-8"), row


def test_the_page_has_rows():
    assert len(ROWS) > 30
