"""A look at one number below /proc."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from aisec_daemon.host.views.direct import Sight, look

PROC = Path("/proc")


def test_we_see_ourselves_and_know_our_threads():
    stop = threading.Event()
    worker = threading.Thread(target=stop.wait)
    worker.start()
    ours, theirs = look(PROC, os.getpid()), look(PROC, worker.native_id)
    stop.set()
    worker.join()

    assert ours.sight is Sight.PROCESS
    assert ours.start_ticks > 0
    assert theirs.sight is Sight.THREAD


def test_nothing_is_nothing(tmp_path):
    assert look(tmp_path, 5) == (Sight.NOTHING, -1)


@pytest.mark.parametrize(
    ("stat", "status"),
    [
        ("no stat at all", "Tgid:\t5\n"),
        ("6 (other) S " + "0 " * 49, "Tgid:\t6\n"),
        ("5 (it) S " + "0 " * 49, "no group"),
    ],
)
def test_what_is_not_the_process_of_that_number_is_something_else(tmp_path, stat, status):
    (tmp_path / "5").mkdir()
    (tmp_path / "5/stat").write_text(stat)
    (tmp_path / "5/status").write_text(status)

    assert look(tmp_path, 5).sight is Sight.SOMETHING_ELSE
