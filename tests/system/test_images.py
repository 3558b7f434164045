"""Images of containers that real runtimes run, and of processes in real groups that pretend."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from contextlib import closing
from pathlib import Path

import pytest

from aisec_daemon.host.container.images import FOREIGN, OK, Images
from aisec_daemon.host.proc.processes import Processes
from aisec_daemon.host.tally import Tally
from tests.system.engines import engines, group_made, in_group, named

pytestmark = pytest.mark.system

IMAGE, OTHER = "registry.example:5000/team/trainer:1.2", "registry.example/ops/other:3"
IN_POD = named("in a pod")
POD = "/kubepods/burstable/pod1b4e28ba-2fa1-11d2-883f-0016d3cca427"


@pytest.fixture(scope="module")
def node():
    """Two containers of Podman, one with forged annotations, and one of containerd."""
    folder = Path(tempfile.mkdtemp(prefix="images-"))
    with engines(folder) as (root, podman, containerd):
        for image in (IMAGE, OTHER):
            podman.load(image)
        podman.run("save", "--format=oci-archive", "--output", str(folder / "image.tar"), IMAGE)
        containerd.load(folder / "image.tar")
        forged = ("io.container.manager=cri-o", f"io.kubernetes.cri-o.ImageName={IMAGE}")
        options = [word for each in forged for word in ("--annotation", each)]
        yield {
            "root": root,
            "podman": podman.start(IMAGE, "--rm"),
            "forged": podman.start(OTHER, *options),
            "containerd": (IN_POD, containerd.start(IN_POD, f"{POD}/{IN_POD}", IMAGE)),
        }


def told(node, pid):
    """Return container, image and the word for how it was read, as the daemon reads a process."""
    images = Images(node["root"], Tally())
    with closing(Processes(Path("/"), Tally(), b"k" * 16, connector=False)) as processes:
        who = processes.lookup(pid)
    return who.container, images.of(who), images.code(who)


@pytest.mark.parametrize(
    ("runtime", "image"), [("podman", IMAGE), ("forged", OTHER), ("containerd", IMAGE)]
)
def test_a_container_runs_the_image_that_its_runtime_was_given(node, runtime, image):
    container, pid = node[runtime]

    assert told(node, pid) == (container, image, OK)


def test_who_is_in_a_group_below_the_containers_runs_its_image(node):
    container, _ = node["podman"]
    with in_group(f"/libpod_parent/libpod-{container}/worker") as pid:
        assert told(node, pid) == (container, IMAGE, OK)


@pytest.mark.parametrize(
    "group",
    [
        "/user.slice/user-1000.slice/user@1000.service/docker-{podman}.scope",
        "/user.slice/user-1000.slice/user@1000.service/libpod_parent/libpod-{podman}",
        "/libpod_parent/libpod-{forged}/libpod-{podman}",
        "/libpod_parent/libpod-{forged}/libpod_parent/libpod-{podman}",
        "/libpod_parent/{podman}",
        f"/user.slice/x{POD}/{IN_POD}",
        f"{POD}/cri-containerd-{IN_POD}.scope",
    ],
)
def test_who_makes_a_group_with_a_containers_name_runs_no_image(node, group):
    """Real groups of the kernel; those of a user and of another container are anybody's to make."""
    names = {runtime: node[runtime][0] for runtime in ("podman", "forged")}
    container = IN_POD if IN_POD in group else names["podman"]
    with in_group(group.format(**names)) as pid:
        assert told(node, pid) == (container, None, FOREIGN)


LOOK = """
import json, sys
from pathlib import Path
from aisec_daemon.host.container.images import Images
from aisec_daemon.host.proc.processes import Processes
from aisec_daemon.host.tally import Tally
images = Images(Path(sys.argv[1]), Tally())
processes = Processes(Path("/"), Tally(), b"k" * 16, connector=False)
found = [processes.lookup(int(pid)) for pid in sys.argv[2:]]
print(json.dumps([[each.group[:3], images.of(each), images.code(each)] for each in found]))
"""


def look(node, prefix, *pids):
    command = [*prefix, sys.executable, "-c", LOOK, str(node["root"]), *map(str, pids)]
    return json.loads(subprocess.check_output(command, timeout=60))


@pytest.mark.parametrize(
    "daemon", [f"{POD}/{named('ours')}", f"/kubepods/besteffort/podx/{named('ours')}", "/docker/x"]
)
def test_from_a_cgroup_namespace_of_its_own(node, daemon):
    """As a DaemonSet's container sees others: their groups begin with what lies outside."""
    pids = [node[runtime][1] for runtime in ("podman", "forged", "containerd")]
    liar = f"/libpod_parent/libpod-{node['forged'][0]}/libpod-{node['podman'][0]}"
    below = f"{POD}/{IN_POD}/{named('nobody')}/{IN_POD}"
    with group_made(daemon) as enter, in_group(liar) as forged, in_group(below) as inside:
        found = look(node, [*enter, "unshare", "--cgroup"], *pids, forged, inside)

    assert {each[0] for each in found} == {"/.."}
    assert [each[1:] for each in found] == [
        *([IMAGE, OK], [OTHER, OK], [IMAGE, OK]),
        *([None, FOREIGN], [IMAGE, OK]),
    ]


@pytest.mark.parametrize(
    ("capabilities", "image"), [("+sys_ptrace,+dac_read_search", IMAGE), ("+sys_ptrace", None)]
)
def test_a_user_needs_the_services_capabilities(node, capabilities, image):
    bare = ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups"]
    bare += [f"--inh-caps=-all,{capabilities}", f"--ambient-caps=-all,{capabilities}"]
    ((_, found, code),) = look(node, bare, node["podman"][1])

    assert (found, code) == (image, OK if image else "EACCES")
