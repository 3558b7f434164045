"""Programs on the page."""

from __future__ import annotations

import re

from aisec_daemon.app.web.landing.programs import programs_section
from tests.app.web.landing.world import gpu, program, take


def test_the_largest_come_first_and_gpus_have_their_numbers():
    gpus = take("gpu", 0.0, {"u": gpu("7")}).snapshot
    words = {"uuid": "u", "name": "python3", "pid": "4100", "user": "alice", "unit": "x.service"}
    rows = {
        "small": program("small", 2**20),
        "large": ({"memory_used_bytes": 2.0**33, "sm_utilization_ratio": 0.5}, words),
    }
    page = programs_section(take("gpu_process", 0.0, rows).snapshot, gpus)
    cells = re.findall(r"<td>(?:<bdi>)?([^<]*)", page)

    assert cells[:4] == ["7", "python3", "4100", "alice"]
    assert cells[5:7] == ["8.0 GiB", "50 %"]
    assert page.index("python3") < page.index("small")


def test_what_could_not_be_read_is_said():
    """A container that is unread is not outside of one."""
    rows = {"p": ({}, {"uuid": "u", "unit": ""})}
    page = programs_section(take("gpu_process", 0.0, rows).snapshot, None)

    assert page.count("unread") == 6 * 2


def test_nobody_is_said():
    assert "Nobody is on a GPU." in programs_section(take("gpu_process", 0.0, {}).snapshot, None)
    assert programs_section(None, None) == ""
