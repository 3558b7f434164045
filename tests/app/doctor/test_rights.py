"""What the kernel lets us do, by /proc/self/status."""

from __future__ import annotations

import pytest

from aisec_daemon.app.doctor.check import Status
from aisec_daemon.app.doctor.rights import (
    CAPABILITIES,
    judge_capabilities,
    judge_no_new_privs,
    parse_rights,
    read_rights,
)

HOST = "         0          0 4294967295\n"
NEEDED = 1 << 19 | 1 << 12 | 1 << 2


def status(mask: int, no_new_privs: int = 0) -> str:
    return f"Name:\tx\nCapPrm:\t0\nCapEff:\t{mask:016x}\nNoNewPrivs:\t{no_new_privs}\n"


def test_capabilities_have_the_kernels_numbers():
    numbers = {"CHOWN": 0, "NET_ADMIN": 12, "SYS_PTRACE": 19, "SYS_ADMIN": 21, "SYSLOG": 34}
    numbers |= {"PERFMON": 38, "BPF": 39, "CHECKPOINT_RESTORE": 40}

    assert {name: CAPABILITIES.index(name) for name in numbers} == numbers
    assert len(CAPABILITIES) == len(set(CAPABILITIES)) == 41


def test_the_three_that_are_needed_suffice():
    rights = parse_rights(status(NEEDED, 1), HOST)
    check = judge_capabilities(rights)

    assert (check.status, check.found) == (Status.OK, "DAC_READ_SEARCH, NET_ADMIN, SYS_PTRACE")
    assert rights.no_new_privs


@pytest.mark.parametrize(
    ("mask", "lacking", "lost"),
    [
        (1 << 12, "CAP_SYS_PTRACE", "executables"),
        (1 << 19, "CAP_NET_ADMIN", "between two"),
        (1 << 19 | 1 << 12, "CAP_DAC_READ_SEARCH", "sockets"),
    ],
)
def test_each_that_lacks_is_named_with_what_is_lost(mask, lacking, lost):
    check = judge_capabilities(parse_rights(status(mask), HOST))

    assert check.status is Status.DEGRADED
    assert lacking in check.found
    assert lost in check.lost
    assert check.remedy


def test_in_a_user_namespace_all_of_them_are_worth_little():
    check = judge_capabilities(parse_rights(status((1 << 41) - 1), "0 1000 1\n"))

    assert check.status is Status.DEGRADED
    assert "user namespace" in check.lost


def test_what_is_not_told_is_not_had():
    rights = parse_rights("Name:\tx\n", "")

    assert rights.capabilities == frozenset()
    assert not rights.first_user_namespace


def test_this_process_has_a_status_and_a_missing_proc_is_unknown(tmp_path):
    assert not isinstance(read_rights(), OSError)
    unread = read_rights(tmp_path)

    assert judge_capabilities(unread).status is Status.UNKNOWN
    assert judge_no_new_privs(unread).status is Status.UNKNOWN
