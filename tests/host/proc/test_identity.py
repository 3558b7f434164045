"""Identities."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, fields

import pytest

from aisec_daemon.host.proc.identity import ProcessIdentity


def test_a_subject_is_pid_and_start() -> None:
    """The same pid at another time is another process."""
    words = dict.fromkeys((field.name for field in fields(ProcessIdentity)), "")
    identity = ProcessIdentity(**words | {"pid": 12, "start_ticks": 900})

    assert identity.subject == "12:900"
    with pytest.raises(FrozenInstanceError):
        identity.pid = 13
