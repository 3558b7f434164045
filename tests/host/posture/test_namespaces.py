"""Namespaces that are the host's, and those that are not known to be."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from aisec_daemon.host.posture.namespaces import NAMES, HostNamespaces, is_host, read_links
from tests.host.posture.node import NAMESPACES as NUMBERS

FIRST = {name: f"{name}:[{number}]" for name, number in NUMBERS.items()}


def make(folder, links):
    (folder / "ns").mkdir(parents=True)
    for name, link in links.items():
        (folder / "ns" / name).symlink_to(link)


def test_they_are_held_against_the_first_process(tmp_path):
    make(tmp_path / "1", FIRST)
    theirs = FIRST | {"net": "net:[4026532000]", "mnt": "mnt:[4026532001]"}
    shared = HostNamespaces(tmp_path, {}).shared(theirs)

    assert {name for name, word in shared.items() if word == "own"} == {"net", "mnt"}
    assert set(shared) == set(NAMES)


def test_what_was_not_read_is_unknown(tmp_path):
    make(tmp_path / "1", {"pid": FIRST["pid"]})
    shared = HostNamespaces(tmp_path, {}).shared({"pid": "pid:[5]", "net": "net:[5]"})

    assert shared == dict.fromkeys(NAMES) | {"pid": "own"}


def test_without_the_first_process_the_kernels_numbers_tell(tmp_path):
    """It may be hidden from us; the numbers of the machine's first namespaces never change."""
    sandbox = FIRST | {"ipc": "ipc:[4026533000]", "uts": "uts:[4026533001]"}
    shared = HostNamespaces(tmp_path, sandbox).shared(FIRST)

    assert is_host(sandbox)
    assert shared == dict.fromkeys(NAMES, "host") | {"mnt": None}


def test_in_a_container_our_own_network_is_not_taken_for_the_hosts(tmp_path):
    inside = FIRST | {"net": "net:[4026533000]", "cgroup": "cgroup:[4026533001]"}
    shared = HostNamespaces(tmp_path, inside).shared(inside)

    assert not is_host(inside)
    assert shared["net"] is None
    assert shared["cgroup"] == "own"


def test_new_kernels_number_network_and_mounts_too(tmp_path):
    own = FIRST | {"net": "net:[4026531833]", "mnt": "mnt:[4026531832]", "cgroup": "cgroup:[7]"}
    shared = HostNamespaces(tmp_path, own).shared(own)

    assert (shared["net"], shared["mnt"]) == ("host", "host")


@pytest.mark.parametrize("by", ["path", "descriptor"])
def test_links_are_read(by):
    descriptor = os.open("/proc/self", os.O_RDONLY)
    try:
        links = read_links(descriptor if by == "descriptor" else "/proc/self")
    finally:
        os.close(descriptor)

    assert set(links) == set(NAMES)
    assert links["uts"] == str(Path("/proc/self/ns/uts").readlink())
