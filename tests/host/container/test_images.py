"""Images of processes: read once, believed of who is in the container, and of nobody else."""

from __future__ import annotations

import math
from errno import EACCES
from itertools import pairwise
from types import SimpleNamespace

import pytest

from aisec_daemon.host.container import images as module
from aisec_daemon.host.container.finder import Finder
from aisec_daemon.host.container.images import FOREIGN, OK, UNKNOWN, UNNAMED, Images
from aisec_daemon.host.tally import Tally
from tests.host.container.files import (
    ID,
    IMAGE,
    OTHER,
    POD,
    containerd,
    docker,
    podman,
    who,
)
from tests.host.proc.tree import Tree, opened


class Node:
    """A node whose time a test moves, and which counts how often containers are looked for."""

    def __init__(self, root, monkeypatch):
        self.root = root
        self.time = 1000.0
        self.looked = []
        self.tally = Tally()
        self.images = Images(root, self.tally, lambda: self.time)
        find = Finder.find

        def counted(finder, container):
            self.looked.append(container)
            return find(finder, container)

        monkeypatch.setattr(Finder, "find", counted)

    def of(self, group):
        return self.images.of(who(group))

    def counts(self):
        return {call.code: count for call, count, _ in self.tally.rows()}


@pytest.fixture
def node(tmp_path, monkeypatch):
    return Node(tmp_path, monkeypatch)


def test_outside_of_a_container_there_is_none_and_what_is_unread_stays_so(node):
    assert node.of("/system.slice/ssh.service") == ""
    assert node.images.of(SimpleNamespace(container=None, group="")) is None
    assert node.looked == []


def test_each_container_is_read_once_however_many_are_in_it(node):
    containerd(node.root)
    docker(node.root, name=OTHER, group=f"/docker/{OTHER}", image="busybox")

    for _ in range(100):
        assert node.of(POD) == IMAGE
        assert node.of(f"{POD}/worker") == IMAGE
        assert node.of(f"/docker/{OTHER}") == "busybox"
        node.time += 1000.0
    assert node.looked == [ID, OTHER]
    assert node.counts() == {"OK": 2.0}


def test_what_is_not_there_is_looked_for_ever_more_rarely_and_found_when_it_comes(node):
    times = []
    for _ in range(2000):
        before = len(node.looked)
        assert node.of(POD) is None
        if len(node.looked) > before:
            times.append(node.time)
        node.time += 1.0
    waits = [later - earlier for earlier, later in pairwise(times)]
    containerd(node.root)
    node.time += 400.0

    assert waits[:6] == [10.0, 20.0, 40.0, 80.0, 160.0, 320.0]
    assert max(waits) == 320.0
    assert node.of(POD) == IMAGE
    assert node.counts() == {"OK": 1.0, "not found": float(len(times))}


def test_a_container_without_a_name_for_its_image_is_unread_and_not_empty(node):
    containerd(node.root, image="")

    assert node.of(POD) is None
    assert node.images.code(who(POD)) == UNNAMED
    assert node.of(POD) is None
    assert node.looked == [ID]


@pytest.mark.parametrize("name", ["", "  "])
def test_no_name_is_never_told_as_outside_of_a_container(node, name):
    podman(node.root, image=name)

    assert node.of(f"/libpod_parent/libpod-{ID}") is None


def test_a_name_is_told_without_who_logged_in(node):
    docker(node.root, image="alice:pa55@registry.example/x:1\x1b")

    assert node.of(f"/docker/{ID}") == "<redacted>@registry.example/x:1\\x1b"


FORGED = [
    f"/user.slice/user-1000.slice/user@1000.service/docker-{ID}.scope",
    f"/user.slice/user-1000.slice/user@1000.service/app.slice{POD}",
    f"/docker/{OTHER}/{ID}",
    f"/docker/{OTHER}/docker/{ID}",
    f"/docker/{OTHER}/kubepods/burstable/pod0a3b5c7d-1e2f-4a5b-8c9d-0123456789ab/{ID}",
    f"/../{OTHER}/{ID}",
    f"/docker/{ID}\udcff/docker-{ID}.scope",
]


@pytest.mark.parametrize("group", FORGED)
@pytest.mark.parametrize("first", ["honest", "forged"])
def test_a_group_that_is_only_called_like_a_containers_bears_no_image(node, group, first):
    """Whoever is read first: what was read for one is not believed of the other."""
    containerd(node.root)
    docker(node.root, name=OTHER, group=f"/docker/{OTHER}", image="evil")
    if first == "honest":
        assert node.of(POD) == IMAGE

    assert node.of(group) is None
    assert node.images.code(who(group)) == FOREIGN
    assert node.of(POD) == IMAGE
    assert node.images.code(who(POD)) == OK


def test_who_shows_a_containers_mounts_is_not_in_its_group(node):
    """Behind "/" nothing but mounts tells of a container, and these anybody can make."""
    containerd(node.root)

    assert node.images.of(SimpleNamespace(container=ID, group="")) is None


@pytest.mark.parametrize(
    "name", ["web", "../" * 4 + "etc", f"{ID}/", ID[:12], "a" * 32 + "-123456"]
)
def test_what_is_no_id_of_these_runtimes_is_not_looked_for(node, name):
    process = SimpleNamespace(container=name, group=f"/lxc/{name}")

    assert node.images.of(process) is None
    assert node.images.code(process) == UNKNOWN
    assert node.looked == []


def test_memory_is_bounded(node, monkeypatch):
    monkeypatch.setattr(module, "_CONTAINERS_MAX", 3)
    names = [f"{n:064x}" for n in range(5)]
    for name in names:
        docker(node.root, group=f"/docker/{name}", name=name)
        assert node.of(f"/docker/{name}") == IMAGE

    assert list(node.images._known) == names[2:]
    assert node.of(f"/docker/{names[0]}") == IMAGE


def test_what_a_mount_lacks_is_found_below_the_first_process(node):
    """As in the DaemonSet: below its root lie /proc and little more."""
    containerd(node.root / "proc/1/root")
    docker(node.root, name=OTHER, group=f"/docker/{OTHER}")

    assert node.of(POD) == IMAGE
    assert node.of(f"/docker/{OTHER}") == IMAGE
    assert node.counts() == {"OK": 2.0}


def test_no_link_of_a_copy_leads_out_of_it(node, tmp_path_factory):
    outside = tmp_path_factory.mktemp("machine")
    containerd(outside)
    (node.root / "proc/1").mkdir(parents=True)
    (node.root / "proc/1/root").symlink_to(outside)

    assert node.of(POD) is None
    assert node.images.code(who(POD)) == UNKNOWN


@pytest.mark.parametrize("text", ["{", "[]", "x" * 100, "[" * 100_000])
def test_what_cannot_be_read_is_counted_and_tried_again(node, text):
    file = containerd(node.root)
    good = file.read_text()
    file.write_text(text)
    assert node.of(POD) is None
    assert node.images.code(who(POD)) == "malformed"
    file.write_text(good)
    assert node.of(POD) is None
    node.time += 10.0

    assert node.of(POD) == IMAGE
    assert node.counts() == {"malformed": 1.0, "OK": 1.0}


def test_what_may_not_be_read_says_so(node, monkeypatch):
    def refused(_, container):
        raise PermissionError(EACCES, container)

    monkeypatch.setattr(Finder, "find", refused)

    assert node.of(POD) is None
    assert node.images.code(who(POD)) == "EACCES"


def test_processes_of_a_node_bring_their_group_along(node, tmp_path):
    """From /proc/PID/cgroup to the image; the rest of the node is not asked."""
    tree = Tree(tmp_path)
    containerd(tmp_path)
    for pid in (10, 11, 12):
        tree.add(pid)
    (tree.proc / "10/cgroup").write_text(f"0::{POD}\n")
    (tree.proc / "11/cgroup").write_text(f"0::/user.slice/user@1000.service/docker-{ID}.scope\n")
    with opened(tmp_path) as processes:
        found = {pid: processes.lookup(pid) for pid in (10, 11, 12)}

    assert [found[pid].container for pid in (10, 11, 12)] == [ID, ID, ""]
    assert [node.images.of(found[pid]) for pid in (10, 11, 12)] == [IMAGE, None, ""]
    assert node.looked == [ID]
    assert node.images._known[ID].due == math.inf
