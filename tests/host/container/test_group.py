"""Which group a runtime made for a container, and who is in it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aisec_daemon.host.container.group import lies_in, made_group
from tests.host.container.files import ID, OTHER, POD, UID

UID_ = UID.replace("-", "_")
SLICES = (
    f"/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod{UID_}.slice/"
    f"cri-containerd-{ID}.scope"
)
names = st.text("abcdef0123456789._", min_size=1, max_size=8).filter(lambda x: set(x) != {"."})
paths = st.lists(names, min_size=1, max_size=5).map(lambda parts: "".join(f"/{p}" for p in parts))


@pytest.mark.parametrize(
    ("told", "made"),
    [
        (f"/docker/{ID}", f"/docker/{ID}"),
        (POD, POD),
        (f"kubepods-burstable-pod{UID_}.slice:cri-containerd:{ID}", SLICES),
        (f"system.slice:docker:{ID}", f"/system.slice/docker-{ID}.scope"),
        (
            f"machine-libpod_pod_{OTHER}.slice:libpod:{ID}",
            f"/machine.slice/machine-libpod_pod_{OTHER}.slice/libpod-{ID}.scope",
        ),
        (f"-.slice:libpod:{ID}", f"/libpod-{ID}.scope"),
        (f"system.slice::{ID}", f"/system.slice/{ID}.scope"),
        # what cannot be told is not guessed
        ("", ""),
        ("/", ""),
        (f"default/{ID}", ""),
        (f":docker:{ID}", ""),
        (f"system:docker:{ID}", ""),
        (f".slice:docker:{ID}", ""),
        (f"a--b.slice:docker:{ID}", ""),
        (f"system.slice/x.slice:docker:{ID}", ""),
        ("system.slice:docker:", ""),
        ("system.slice:docker:x.slice", ""),
        (f"a.slice:b:c:{ID}", ""),
        (f"/docker/../{ID}", ""),
        (f"/docker//{ID}", ""),
        (f"/docker/{ID}/", ""),
    ],
)
def test_the_group_that_a_runtime_makes(told, made):
    assert made_group(told) == made


@pytest.mark.parametrize(
    ("group", "made"),
    [
        (POD, POD),
        (SLICES, SLICES),
        (f"{SLICES}/container", SLICES),
        (f"{POD}/a/b", POD),
        (f"{POD}/docker-{ID}.scope", POD),
        # from a cgroup namespace: of a neighbour in the pod, of another class, of the host's root
        (f"/../{ID}", POD),
        (f"/../{ID}/sub", POD),
        (f"/../../pod{UID}/{ID}", POD),
        (f"/../../../../{POD.removeprefix('/')}", POD),
        (f"/../../kubepods-burstable-pod{UID_}.slice/cri-containerd-{ID}.scope", SLICES),
    ],
)
def test_who_is_in_it_is_believed(group, made):
    assert lies_in(group, made)


@pytest.mark.parametrize(
    ("group", "made"),
    [
        # a user below his own manager
        (f"/user.slice/user-1000.slice/user@1000.service/docker-{ID}.scope", f"/docker/{ID}"),
        (f"/user.slice/user-1000.slice/user@1000.service{POD}", POD),
        (f"/../../user.slice/user-1000.slice/user@1000.service{POD}", POD),
        # another container that may write to cgroupfs, below its own group
        (f"/docker/{OTHER}/{ID}", f"/docker/{ID}"),
        (f"/docker/{OTHER}/docker/{ID}", f"/docker/{ID}"),
        (f"/kubepods/burstable/pod{UID}/{OTHER}/{ID}", POD),
        (f"/../{OTHER}/{ID}", POD),
        (f"/../{OTHER}/pod{UID}/{ID}", POD),
        # names that only begin or end alike
        (f"{POD}x", POD),
        (f"/x{POD}", POD),
        (f"/../x{ID}", POD),
        (f"/../{ID}x", POD),
        (f"/../od{UID}/{ID}", POD),
        ("/..", POD),
        ("/../..", POD),
        ("", POD),
        (POD, ""),
        ("", ""),
        ("/", ""),
    ],
)
def test_who_only_calls_himself_so_is_not(group, made):
    assert not lies_in(group, made)


@given(paths, paths, st.integers(0, 4))
def test_below_is_in_and_above_is_not(made, more, hidden):
    """However much of the path a namespace hides, and whatever is made below."""
    parts = made.split("/")[1:]
    seen = "/" + "/".join(["..", *parts[min(hidden, len(parts) - 1) :]])

    assert lies_in(made, made)
    assert lies_in(made + more, made)
    assert lies_in(seen + more, made)
    assert not lies_in(made, made + more)


@given(st.text(max_size=80), st.text(max_size=80))
def test_any_text_is_answered(group, told):
    made = made_group(told)

    assert made == "" or made.startswith("/")
    assert lies_in(group, made) in {True, False}
