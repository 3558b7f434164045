"""Exit codes say how bad it is."""

from __future__ import annotations

import pytest

from aisec_daemon.app.doctor.check import Check, Status, exit_code


@pytest.mark.parametrize(
    ("status", "main", "code"),
    [
        (Status.OK, False, 0),
        (Status.UNKNOWN, True, 0),
        (Status.DEGRADED, False, 1),
        (Status.DEGRADED, True, 1),
        (Status.MISSING, False, 1),
        (Status.MISSING, True, 3),
    ],
)
def test_the_worst_check_decides(status, main, code):
    fine = Check("fine", Status.OK, "")

    assert exit_code([fine, Check("x", status, "", main=main), fine]) == code
