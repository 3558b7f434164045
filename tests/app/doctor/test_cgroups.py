"""What is said of control groups."""

from __future__ import annotations

from dataclasses import replace

import pytest

from aisec_daemon.app.doctor.cgroups import judge_cgroups, parse_version, read_version
from aisec_daemon.app.doctor.check import Status
from aisec_daemon.host.errors import UnreadableError
from aisec_daemon.host.proc.identity import ProcessIdentity

WORDS = dict.fromkeys(ProcessIdentity.__dataclass_fields__, "")
FREE = ProcessIdentity(**WORDS)
INSIDE = replace(FREE, container="a" * 64)
UNREAD = replace(FREE, container=None)


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("0::/init.scope\n", "v2"),
        ("1:name=systemd:/\n4:memory:/\n", "v1"),
        ("1:name=systemd:/\n0::/\n", "hybrid (v1 and v2)"),
        ("", None),
        ("garbage", None),
    ],
)
def test_versions_are_told_apart(text, version):
    assert parse_version(text) == version


def test_no_file_is_no_version(tmp_path):
    assert read_version(tmp_path) is None


def test_containers_are_counted_once_each():
    check = judge_cgroups("v2", [FREE, INSIDE, INSIDE], host=True)

    assert (check.status, check.found) == (Status.OK, "v2; 2 processes in 1 container(s)")


@pytest.mark.parametrize(
    ("version", "who", "host"),
    [
        ("v2", [FREE, UNREAD], True),
        ("v2", [FREE], False),
        (None, [FREE], True),
        ("v2", UnreadableError("proc", "x"), True),
    ],
)
def test_what_cannot_be_told_is_degraded_with_what_is_lost(version, who, host):
    check = judge_cgroups(version, who, host=host)

    assert check.status is Status.DEGRADED
    assert check.lost
    assert check.remedy


def test_an_empty_host_is_no_fault():
    assert judge_cgroups("v1", [FREE], host=True).status is Status.OK
