"""Rows of a scan."""

from __future__ import annotations

import numpy as np

from aisec_daemon.host.proc.identity import ProcessIdentity
from aisec_daemon.host.proc.scan import PAGE_BYTES, TICKS_PER_SECOND, Rows

NOBODY = ProcessIdentity(7, 900, "a", "", "", "", "", "", 0, 1, "", "", "", "", "", "", "")


def test_ticks_and_pages_become_seconds_and_bytes() -> None:
    """And what was not read becomes NaN, but the start is known."""
    fields = [b"0"] * 50
    fields[11], fields[12], fields[17], fields[21] = b"30", b"12", b"5", b"33"
    rows = Rows()
    rows.add(NOBODY, fields)
    rows.add(NOBODY, None)

    scan = rows.finish(1000.0)

    np.testing.assert_allclose(scan.cpu_seconds, [42 / TICKS_PER_SECOND, np.nan])
    np.testing.assert_allclose(scan.memory_resident_bytes, [33 * PAGE_BYTES, np.nan])
    np.testing.assert_allclose(scan.threads, [5, np.nan])
    np.testing.assert_allclose(scan.start_timestamp_seconds, [1000 + 900 / TICKS_PER_SECOND] * 2)
