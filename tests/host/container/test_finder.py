"""Where each runtime keeps what it knows, and whose words are not taken."""

from __future__ import annotations

import json
import os
import stat

import pytest

from aisec_daemon.host.container import files
from aisec_daemon.host.container.finder import Finder, Found
from aisec_daemon.host.container.places import Places, read_places
from tests.host.container.files import (
    ID,
    IMAGE,
    OTHER,
    POD,
    bundle,
    containerd,
    docker,
    podman,
    recorded,
    write,
)

CRIO = {"io.kubernetes.cri-o.ImageName": IMAGE, "io.container.manager": "cri-o"}
OF_POD = {"pod-name": "p", "pod-id": OTHER, "image-id": OTHER}


@pytest.fixture
def find(tmp_path):
    return Finder(tmp_path).find


@pytest.mark.parametrize(
    "state",
    [
        *("run/containerd", "run/k3s/containerd", "run/k0s/containerd"),
        "var/snap/microk8s/common/run/containerd",
    ],
)
def test_containerd_of_kubernetes(find, tmp_path, state):
    containerd(tmp_path, state=state)

    assert find(ID) == Found(POD, IMAGE)


@pytest.mark.parametrize("state", ["run/docker/containerd/daemon", "run/containerd"])
@pytest.mark.parametrize("data", ["var/lib/docker", "var/lib/docker/165536.165536"])
def test_docker_with_its_own_containerd_or_the_nodes_and_with_users_of_its_own(
    find, tmp_path, state, data
):
    (tmp_path / "var/lib/docker/other").mkdir(parents=True)
    docker(tmp_path, f"system.slice:docker:{ID}", state=state, data=data)

    assert find(ID) == Found(f"/system.slice/docker-{ID}.scope", IMAGE)


@pytest.mark.parametrize("driver", ["overlay", "vfs", "btrfs", "zfs"])
@pytest.mark.parametrize("store", ["var/lib/containers/storage", "run/containers/storage"])
@pytest.mark.parametrize("listed", ["containers.json", "volatile-containers.json"])
def test_podman(find, tmp_path, driver, store, listed):
    podman(tmp_path, store=f"{store}/{driver}-containers", listed=listed)

    assert find(ID) == Found(f"/libpod_parent/libpod-{ID}", IMAGE)


def test_a_bundle_of_podman_and_its_list_may_lie_apart(find, tmp_path):
    listed = podman(tmp_path)
    moved = tmp_path / "run/containers/storage/overlay-containers" / listed.name
    moved.parent.mkdir(parents=True)
    listed.rename(moved)

    assert find(ID).image == IMAGE


@pytest.mark.parametrize("asked", [IMAGE, OTHER, f"sha256:{OTHER}"])
def test_crio_names_the_image_in_its_annotation_if_it_was_asked_for_by_id(find, tmp_path, asked):
    podman(tmp_path, f"kubepods-podx.slice:crio:{ID}", asked, stored=OF_POD, **CRIO)

    found = find(ID)
    assert found == Found(f"/kubepods.slice/kubepods-podx.slice/crio-{ID}.scope", IMAGE)


def test_an_image_that_crio_cannot_name_is_told_by_its_id(find, tmp_path):
    podman(tmp_path, image=OTHER, stored=OF_POD)

    assert find(ID).image == OTHER


def test_annotations_that_podman_lets_anybody_write_are_not_believed(find, tmp_path):
    """As recorded: `io.container.manager` says CRI-O, and its ImageName says evil."""
    annotated = recorded("podman-annotated")
    assert annotated["annotations"]["io.kubernetes.cri-o.ImageName"] == "evil"

    podman(tmp_path, **annotated["annotations"])
    assert find(ID).image == IMAGE
    podman(tmp_path, image=OTHER, **annotated["annotations"])
    assert find(ID).image == OTHER


def test_a_container_that_no_runtime_knows(find, tmp_path):
    containerd(tmp_path, name=OTHER)
    podman(tmp_path, name=OTHER)

    with pytest.raises(FileNotFoundError):
        find(ID)


@pytest.mark.parametrize("missing", ["record", "list", "entry"])
def test_a_bundle_alone_is_not_enough(find, tmp_path, missing):
    if missing == "record":
        docker(tmp_path).unlink()
    else:
        listed = podman(tmp_path)
        listed.unlink() if missing == "list" else listed.write_text("[]")

    with pytest.raises(FileNotFoundError):
        find(ID)


def test_a_record_of_another_container_is_none(find, tmp_path):
    record = docker(tmp_path)
    record.write_text(json.dumps(recorded("docker-record")))

    with pytest.raises(ValueError, match="another"):
        find(ID)


def test_where_operators_have_moved_it(find, tmp_path):
    write(tmp_path / "etc/docker/daemon.json", {"data-root": "/data/docker/", "exec-root": "/x"})
    write(tmp_path / "etc/containerd/config.toml", 'version = 2\nstate = "/data/containerd"\n')
    storage = '[storage]\ngraphroot = "/data/graph"\nrunroot = "/data/run"\n'
    write(tmp_path / "etc/containers/storage.conf", storage)
    containerd(tmp_path, state="data/containerd", name="a" * 64)
    docker(tmp_path, state="x/containerd/daemon", data="data/docker", name="b" * 64)
    podman(tmp_path, store="data/graph/overlay-containers", name="c" * 64)
    podman(tmp_path, store="data/run/overlay-containers", name="d" * 64, image="e")

    assert [find(name * 64).image for name in "abcd"] == [IMAGE, IMAGE, IMAGE, "e"]


@pytest.mark.parametrize(
    "text",
    [
        *("", "\0", "{", "[]", "[" * 100_000, "3"),
        '{"data-root": "relative", "state": 3}',
        'state = "relative"\nstorage = 3\n',
        '{"data-root": ["/a"]}',
        "\udcff",
    ],
)
def test_settings_that_are_none_say_nothing(tmp_path, text):
    for name in ("docker/daemon.json", "containerd/config.toml", "containers/storage.conf"):
        file = tmp_path / "etc" / name
        file.parent.mkdir(parents=True)
        file.write_bytes(text.encode("utf-8", "surrogateescape"))
    root = os.open(tmp_path, os.O_PATH)
    try:
        assert read_places(root) == Places()
    finally:
        os.close(root)


def test_links_end_below_the_root(find, tmp_path):
    """A link that is absolute means the host's own place, and never this machine's."""
    outside = tmp_path / "outside"
    root = tmp_path / "root"
    (root / "run").mkdir(parents=True)
    containerd(outside)
    containerd(root, image="inside", state="data/containerd")
    find = Finder(root).find
    (root / "run/containerd").symlink_to(outside / "run/containerd")
    with pytest.raises(FileNotFoundError):
        find(ID)
    (root / "run/containerd").unlink()
    (root / "run/containerd").symlink_to("/data/containerd")

    assert find(ID).image == "inside"


def test_what_is_no_regular_file_is_not_waited_for(find, tmp_path):
    file = containerd(tmp_path)
    file.unlink()
    os.mkfifo(file)

    with pytest.raises(OSError, match="regular"):
        find(ID)


def test_what_is_too_large_is_not_read(find, tmp_path, monkeypatch):
    content = bundle("containerd", POD, filler="x" * (files._BYTES_MAX + 1))
    file = containerd(tmp_path)
    file.write_text(json.dumps(content))
    with pytest.raises(OSError, match="large"):
        find(ID)

    containerd(tmp_path)
    monkeypatch.setattr(files, "_BYTES_MAX", 100)
    with pytest.raises(OSError, match="large"):
        find(ID)


def test_what_is_not_roots_is_not_believed(find, tmp_path, monkeypatch):
    containerd(tmp_path)
    fstat = os.fstat

    def of_a_user(descriptor):
        found = list(fstat(descriptor))
        if stat.S_ISREG(found[stat.ST_MODE]):
            found[stat.ST_UID] += 1
        return os.stat_result(found)

    monkeypatch.setattr(os, "fstat", of_a_user)
    with pytest.raises(PermissionError):
        find(ID)


def test_a_list_is_read_once_however_many_are_in_it(find, tmp_path, monkeypatch):
    listed = podman(tmp_path)
    (entry,) = (x for x in json.loads(listed.read_text()) if x["id"] == ID)
    names = [f"{n:064x}" for n in range(20)]
    for name in names:
        podman(tmp_path, name=name)
    listed.write_text(json.dumps([entry | {"id": name} for name in names]))
    read = []
    slurp = files.slurp
    monkeypatch.setattr(
        "aisec_daemon.host.container.finder.slurp", lambda fd: read.append(fd) or slurp(fd)
    )

    assert {find(name).image for name in names} == {IMAGE}
    assert len(read) == 1
    listed.write_text(json.dumps([entry | {"id": ID}]))
    podman(tmp_path)
    assert find(ID).image == IMAGE
    assert len(read) == 2
