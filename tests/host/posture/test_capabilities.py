"""Names of capabilities."""

from __future__ import annotations

from pathlib import Path

from aisec_daemon.host.posture.capabilities import NAMES, every, words

ALL = (1 << 41) - 1


def test_the_default_of_docker_in_words():
    assert words(0xA80425FB, ALL) == (
        "chown dac_override fowner fsetid kill setgid setuid setpcap net_bind_service net_raw "
        "sys_chroot mknod audit_write setfcap"
    )


def test_all_none_and_unread():
    assert words(ALL, ALL) == "all"
    assert words(0, ALL) == ""
    assert words(None, ALL) is None


def test_all_are_those_that_the_machine_has():
    """A virtual machine may lack some for everybody."""
    lacking = ALL & ~(1 << 24)

    assert words(lacking, lacking) == "all"
    assert words(lacking, ALL) == " ".join(n for n in NAMES if n != "sys_resource")


def test_one_that_is_too_new_has_its_number():
    assert words(1 << 45, ALL) == "cap_45"


def test_where_all_is_known_from():
    assert every(0x1FF, 40) == 0x1FF
    assert every(None, 40) == ALL
    assert every(0, 2) == 0b111
    assert every(None, None) == ALL


def test_as_many_are_named_as_kernels_have():
    last = int(Path("/proc/sys/kernel/cap_last_cap").read_text())

    assert last <= len(NAMES) - 1 or words(1 << last, ALL) == f"cap_{last}"
