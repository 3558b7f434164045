"""What is said of images of containers."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from aisec_daemon.app.doctor.check import Status
from aisec_daemon.app.doctor.images import judge_images, read_images
from aisec_daemon.app.doctor.rights import CAPABILITIES, Rights
from aisec_daemon.host.container.images import FOREIGN, OK, UNKNOWN, UNNAMED, Images
from aisec_daemon.host.errors import UnreadableError
from aisec_daemon.host.tally import Tally
from tests.host.container.files import ID, OTHER, POD, containerd, who

ALL = Rights(frozenset(CAPABILITIES), first_user_namespace=True, no_new_privs=False)
NONE = Rights(frozenset(), first_user_namespace=True, no_new_privs=True)


def test_each_container_is_looked_at_once(tmp_path):
    containerd(tmp_path)
    images = Images(tmp_path, Tally())
    processes = [who(POD), who(POD), who(f"/docker/{OTHER}"), who("/system.slice/a.service")]

    assert read_images(SimpleNamespace(images=images), processes) == {OK: 1, UNKNOWN: 1}


def test_unread_processes_are_unread(tmp_path):
    error = UnreadableError("proc", "x")

    assert read_images(SimpleNamespace(), error) is error
    assert judge_images(error, ALL).status is Status.UNKNOWN


@pytest.mark.parametrize(
    ("codes", "found"),
    [
        ({}, "no container runs here"),
        ({OK: 3}, "told for 3 of 3 container(s)"),
        ({OK: 1, UNNAMED: 1}, "told for 1 of 2 container(s); 1 without a name for its image"),
    ],
)
def test_where_all_are_told_nothing_is_to_be_done(codes, found):
    check = judge_images(codes, NONE)

    assert check.status is Status.OK
    assert check.found.startswith(found)


@pytest.mark.parametrize("code", [UNKNOWN, FOREIGN, "EACCES", "malformed"])
@pytest.mark.parametrize(
    ("rights", "remedy"), [(NONE, "make install"), (OSError(), "make install"), (ALL, "hostPID")]
)
def test_what_is_not_told_is_degraded_with_what_is_lost(code, rights, remedy):
    check = judge_images({OK: 1, code: 2}, rights)

    assert check.status is Status.DEGRADED
    assert check.found.startswith("told for 1 of 3 container(s); 2 ")
    assert "policies" in check.lost
    assert remedy in check.remedy
    assert ID not in check.found
