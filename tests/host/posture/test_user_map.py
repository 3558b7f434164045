"""Who is root, and where."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aisec_daemon.host.posture.user_map import parse_uid_map, root

INITIAL = parse_uid_map(b"         0          0 4294967295\n")
DOCKER = parse_uid_map(b"0 100000 65536\n")
ROOTLESS = parse_uid_map(b"         0       1000          1\n         1     100000      65536\n")


@pytest.mark.parametrize(
    ("uids", "ranges", "told"),
    [
        ((0, 0, 0, 0), INITIAL, "host"),
        ((1000, 1000, 1000, 1000), INITIAL, ""),
        ((1000, 1000, 0, 1000), INITIAL, "host"),  # it can become root again
        ((100000,) * 4, DOCKER, "namespace"),
        ((101000,) * 4, DOCKER, ""),
        ((1000,) * 4, ROOTLESS, "namespace"),
        ((100999,) * 4, ROOTLESS, ""),
        ((65534,) * 4, DOCKER, ""),  # nobody: it is not in the map
        ((0,) * 4, parse_uid_map(b"0 0 1"), "host"),  # a namespace, and yet the host's root
        ((1000,) * 4, [], ""),  # the map is not set yet
        ((1000,) * 4, None, None),
        ((0,) * 4, None, "host"),
        (None, INITIAL, None),
    ],
)
def test_root_of_the_host_or_of_a_namespace(uids, ranges, told):
    assert root(uids, ranges) == told


def test_our_own_map():
    assert root((0,), parse_uid_map(Path("/proc/self/uid_map").read_bytes())) == "host"


@pytest.mark.parametrize("text", [b"0 0\n", b"a b c\n", b"0 0 1 2\n"])
def test_what_is_no_map_is_refused(text):
    with pytest.raises(ValueError, match="uid_map"):
        parse_uid_map(text)


@given(st.lists(st.tuples(*[st.integers(0, 2**32)] * 3), max_size=5), st.integers(1, 2**32))
def test_a_translation_is_the_maps_own(rows, uid):
    ranges = parse_uid_map("\n".join(" ".join(map(str, row)) for row in rows).encode())
    inside = next((i + uid - o for i, o, n in rows if o <= uid < o + n), None)

    assert root((uid,), ranges) == ("namespace" if inside == 0 else "")
