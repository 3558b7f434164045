"""/proc/PID/cgroup: containers, pods, jobs and units of each runtime and driver."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aisec_daemon.host.proc.cgroup import Placement, parse_cgroup

ID = "4f5a6b7c8d9e0f1a2b3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d5e6f708192"
OTHER = ID[::-1]
UID = "0a3b5c7d-1e2f-4a5b-8c9d-0123456789ab"
UID_ = UID.replace("-", "_")
STATIC = "0a3b5c7d1e2f4a5b8c9d0123456789ab"

PATHS = {
    # containers on their own, cgroupfs and systemd driver
    f"/docker/{ID}": Placement(ID),
    f"/system.slice/docker-{ID}.scope": Placement(ID),
    f"/system.slice/nerdctl-{ID}.scope": Placement(ID),
    f"/default/{ID}": Placement(ID),
    f"/machine.slice/libpod-{ID}.scope": Placement(ID),
    f"/machine.slice/libpod-{ID}.scope/container": Placement(ID),
    f"/libpod_parent/libpod-{ID}": Placement(ID),
    f"/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-{ID}.scope/container": (
        Placement(ID, unit="user@1000.service")
    ),
    f"/machine.slice/libpod-conmon-{ID}.scope": Placement(
        unit=f"libpod-conmon-{'<redacted>'}.scope"
    ),
    f"/ecs/5b7c/{STATIC}-3456789012": Placement(f"{STATIC}-3456789012"),
    "/lxc.payload.web": Placement("web"),
    "/lxc/web/init.scope": Placement("web", unit="init.scope"),
    "/machine.slice/machine-web.scope": Placement("web", unit="machine-web.scope"),
    # Kubernetes, each class, both drivers
    f"/kubepods/pod{UID}/{ID}": Placement(ID, UID, "guaranteed"),
    f"/kubepods/burstable/pod{UID}/{ID}": Placement(ID, UID, "burstable"),
    f"/kubepods/besteffort/pod{UID}/{ID}": Placement(ID, UID, "besteffort"),
    f"/kubepods.slice/kubepods-pod{UID_}.slice/cri-containerd-{ID}.scope": (
        Placement(ID, UID, "guaranteed")
    ),
    f"/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod{UID_}.slice/"
    f"cri-containerd-{ID}.scope": Placement(ID, UID, "burstable"),
    f"/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod{UID_}.slice/"
    f"crio-{ID}.scope/container": Placement(ID, UID, "besteffort"),
    f"/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod{STATIC}.slice/"
    f"docker-{ID}.scope": Placement(ID, STATIC, "burstable"),
    f"/system.slice/containerd.service/kubepods-burstable-pod{UID_}.slice:cri-containerd:{ID}": (
        Placement(ID, UID, "burstable", unit="containerd.service")
    ),
    f"/docker/{OTHER}/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-besteffort.slice/"
    f"kubelet-kubepods-besteffort-pod{UID_}.slice/cri-containerd-{ID}.scope": (
        Placement(ID, UID, "besteffort")
    ),
    f"/kubepods/besteffort/pod{UID}/crio-{ID}": Placement(ID, UID, "besteffort"),
    f"/kubepods.slice/kubepods-pod{UID_}.slice/crio-{ID}.scope": (Placement(ID, UID, "guaranteed")),
    f"/kubepods.slice/kubepods-pod{UID_}.slice/crio-conmon-{ID}.scope": (
        Placement("", UID, "guaranteed", unit="crio-conmon-<redacted>.scope")
    ),
    f"/k8s.io/{ID}": Placement(ID),
    f"/machine.slice/machine-libpod_pod_{OTHER}.slice/libpod-{ID}.scope/container": Placement(ID),
    # seen from a container with a cgroup namespace of its own
    f"/../../kubepods-burstable-pod{UID_}.slice/cri-containerd-{ID}.scope": (
        Placement(ID, UID, "burstable")
    ),
    f"/../{ID}": Placement(ID),
    # Slurm
    "/slurm/uid_1717/job_774421/step_0/task_0": Placement(slurm_job="774421", slurm_step="0"),
    "/slurm_node17/uid_1717/job_7/step_batch/task_0": (
        Placement(slurm_job="7", slurm_step="batch")
    ),
    "/slurm/uid_1717/job_7": Placement(slurm_job="7"),
    "/lxc.payload.red/slurm/uid_0/job_7/step_batch": Placement(container="red"),
    "/system.slice/red.service/slurmstepd.scope/job_7": Placement(unit="slurmstepd.scope"),
    "/system.slice/red.service/slurm/uid_0/job_7": Placement(unit="red.service"),
    "/system.slice/node17_slurmstepd.scope/job_12/step_batch/user/task_0": (
        Placement(slurm_job="12", slurm_step="batch", unit="node17_slurmstepd.scope")
    ),
    "/slurm/uid_1717/job_9/step_extern": Placement(slurm_job="9", slurm_step="extern"),
    # a user's own manager lets him make what groups he likes
    "/user.slice/user-1000.slice/user@1000.service/slurmstepd.scope/job_7/step_0": (
        Placement(unit="slurmstepd.scope")
    ),
    "/system.slice/slurmstepd.scope/job_12/step_extern/user/task_3": (
        Placement(slurm_job="12", slurm_step="extern", unit="slurmstepd.scope")
    ),
    # systemd
    "/system.slice/ssh.service": Placement(unit="ssh.service"),
    "/system.slice/system-getty.slice/getty@tty1.service": Placement(unit="getty@tty1.service"),
    "/user.slice/user-1000.slice/session-3.scope": Placement(unit="session-3.scope"),
    "/user.slice/user-1000.slice/user@1000.service/app.slice/app-x.scope": (
        Placement(unit="app-x.scope")
    ),
    "/user.slice/user-1000.slice": Placement(unit="user-1000.slice"),
    "/init.scope": Placement(unit="init.scope"),
    "/": Placement(),
    "/../../system.slice/a.service (deleted)": Placement(unit="a.service"),
    # what only looks alike
    "/job_5/step_0": Placement(),
    f"/x/{ID}0": Placement(),
    "/burstable": Placement(),
}


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    "hierarchies",
    ["0::{}\n", "9:name=systemd:/\n8:memory:{}\n3:cpu,cpuacct:/\n", "1:name=systemd:{}\n0::/\n"],
    ids=["v2", "v1", "hybrid"],
)
def test_every_shape_is_understood_in_every_hierarchy(path: str, hierarchies: str) -> None:
    """Whichever of the hierarchies tells."""
    place = parse_cgroup(hierarchies.format(path).encode())

    assert place._replace(group="") == PATHS[path]
    assert place.group == (path if place.container else "")


@given(
    st.binary(max_size=200) | st.text("0123456789abcdef/-_.:pods\n", max_size=300).map(str.encode)
)
def test_any_text_gives_words(text: bytes) -> None:
    """Names of cgroups are whoever's may make them; only the whole group stays as it was."""
    place = parse_cgroup(text)
    told = place._asdict()
    group = told.pop("group")

    assert all(isinstance(word, str) and word.isprintable() for word in told.values())
    assert bool(group) == bool(place.container)


def test_the_group_is_that_of_the_hierarchy_that_told_the_container() -> None:
    """What lies in one hierarchy in a container may lie elsewhere in others."""
    text = f"3:cpu:/b/{OTHER}\n0::/x.slice\n1:name=systemd:/a/{ID}/sub (deleted)\n".encode()

    assert parse_cgroup(text)[:1] == (ID,)
    assert parse_cgroup(text).group == f"/a/{ID}/sub"


def test_nothing_is_nowhere() -> None:
    """An empty file names no place."""
    assert parse_cgroup(b"") == Placement()
