"""Rows of a scan."""

from __future__ import annotations

import numpy as np

from aisec_daemon.host.proc.identity import ProcessIdentity
from aisec_daemon.host.proc.scan import PAGE_BYTES, TICKS_PER_SECOND, Rows
from aisec_daemon.host.proc.stat import Numbers

NOBODY = ProcessIdentity(7, 900, "a", "", "", "", "", "", 0, 1, "", "", "", "", "", "", "")


def test_ticks_and_pages_become_seconds_and_bytes() -> None:
    """And what was not read becomes NaN, but the start is known."""
    rows = Rows()
    rows.add(NOBODY, Numbers(parent=1, ticks=42, threads=5, pages=33, virtual_bytes=0))
    rows.add(NOBODY, None)

    scan = rows.finish(1000.0)

    np.testing.assert_allclose(scan.cpu_seconds, [42 / TICKS_PER_SECOND, np.nan])
    np.testing.assert_allclose(scan.memory_resident_bytes, [33 * PAGE_BYTES, np.nan])
    np.testing.assert_allclose(scan.threads, [5, np.nan])
    np.testing.assert_allclose(scan.start_timestamp_seconds, [1000 + 900 / TICKS_PER_SECOND] * 2)
