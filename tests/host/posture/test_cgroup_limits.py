"""Limits of control groups: trees of version 1, version 2 and both."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aisec_daemon.host.posture.cgroup_limits import (
    CgroupLimits,
    Limits,
    parse_cgroup_paths,
    parse_cpu_max,
    parse_number,
)

ID = "4f5a6b7c8d9e0f1a2b3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d5e6f708192"
POD = "kubepods-burstable-pod0a3b5c7d_1e2f_4a5b_8c9d_0123456789ab.slice"
NOTHING = Limits(math.inf, math.inf, math.inf)


class Groups:
    """Control groups as files; a group that is named exists, with all above it."""

    def __init__(self, root) -> None:
        self.base = root / "sys/fs/cgroup"
        self.limits = CgroupLimits(root)

    def put(self, path, **files):
        folder = self.base / path.strip("/")
        folder.mkdir(parents=True, exist_ok=True)
        for each in (folder, *folder.parents):
            if each.is_relative_to(self.base):
                (each / "cgroup.procs").touch()
        for name, text in files.items():
            (folder / name.replace("__", ".")).write_text(f"{text}\n")

    def read(self, text):
        return self.limits.read(text.encode())


@pytest.fixture
def groups(tmp_path):
    return Groups(tmp_path)


def test_version_2_of_a_docker_container(groups):
    path = f"system.slice/docker-{ID}.scope"
    groups.put(path, memory__max=2 << 30, cpu__max="150000 100000", pids__max=512)

    assert groups.read(f"0::/{path}\n") == (2 << 30, 1.5, 512)


def test_version_2_the_tightest_group_counts(groups):
    """A container without a limit is held to its pod's; one with a wider one, too."""
    slices = f"kubepods.slice/kubepods-burstable.slice/{POD}"
    path = f"{slices}/cri-containerd-{ID}.scope"
    groups.put(path, memory__max=8 << 30, cpu__max="max 100000", pids__max="max")
    groups.put(slices, memory__max=4 << 30, cpu__max="400000 100000", pids__max=100)

    assert groups.read(f"0::/{path}\n") == (4 << 30, 4.0, 100)


@pytest.mark.parametrize(
    "path",
    [
        f"kubepods.slice/kubepods-besteffort.slice/cri-containerd-{ID}.scope",
        f"kubepods/besteffort/{ID}",
        f"docker/{ID}",
        f"system.slice/docker-{ID}.scope",
        f"machine.slice/libpod-{ID}.scope",
        f"lxc/{ID}",
    ],
)
def test_what_all_of_a_node_share_is_no_limit_of_its_own(groups, path):
    groups.put(path)
    parts = path.split("/")[:-1]
    for depth in range(len(parts)):
        above = "/".join(parts[: depth + 1])
        groups.put(above, memory__max=1 << 40, cpu__max="9600000 100000", pids__max=9999)

    assert groups.read(f"0::/{path}\n") == NOTHING


def test_a_user_and_a_service_have_limits_of_their_own(groups):
    groups.put("user.slice/user-1000.slice/session-3.scope")
    groups.put("user.slice/user-1000.slice", memory__max=16 << 30, pids__max=2048)
    groups.put("system.slice/ollama.service", memory__max="max", pids__max=4915)

    assert groups.read("0::/user.slice/user-1000.slice/session-3.scope\n") == (
        *(16 << 30, math.inf, 2048),
    )
    assert groups.read("0::/system.slice/ollama.service\n") == (math.inf, math.inf, 4915)


V1 = f"""12:pids:/docker/{ID}
11:cpu,cpuacct:/docker/{ID}
10:memory:/docker/{ID}
1:name=systemd:/docker/{ID}
0::/system.slice/containerd.service
"""


def test_version_1_with_controllers_mounted_together(groups):
    groups.put(f"memory/docker/{ID}", memory__limit_in_bytes=1 << 30)
    groups.put("memory/docker", memory__limit_in_bytes=9223372036854771712)
    groups.put(
        f"cpu,cpuacct/docker/{ID}", **{"cpu.cfs_quota_us": 50000, "cpu.cfs_period_us": 100000}
    )
    groups.put(f"pids/docker/{ID}", pids__max="max")

    assert groups.read(V1) == (1 << 30, 0.5, math.inf)


def test_version_1_without_limits(groups):
    groups.put(f"memory/docker/{ID}", memory__limit_in_bytes=9223372036854771712)
    groups.put(f"cpu/docker/{ID}", **{"cpu.cfs_quota_us": -1, "cpu.cfs_period_us": 100000})
    groups.put(f"pids/docker/{ID}", pids__max="max")

    assert groups.read(V1) == NOTHING


def test_version_1_of_a_slurm_step(groups):
    path = "slurm/uid_1000/job_77/step_0"
    text = f"4:memory:/{path}/task_0\n3:cpu,cpuacct:/\n2:pids:/user.slice\n"
    groups.put(f"memory/{path}/task_0", memory__limit_in_bytes=9223372036854771712)
    groups.put("memory/slurm/uid_1000/job_77", memory__limit_in_bytes=32 << 30)
    groups.put("cpu,cpuacct")
    groups.put("pids/user.slice", pids__max=3)

    assert groups.read(text) == (32 << 30, math.inf, math.inf)


def test_a_hybrid_takes_each_controller_from_where_it_is(groups):
    """Memory of version 1, processes of version 2 below /sys/fs/cgroup/unified."""
    text = f"5:memory:/docker/{ID}\n0::/docker/{ID}\n"
    groups.put(f"memory/docker/{ID}", memory__limit_in_bytes=1 << 20)
    groups.put(f"unified/docker/{ID}", pids__max=7)
    (groups.base / "cgroup.procs").unlink()  # a tmpfs, no group

    assert groups.read(text) == (1 << 20, math.inf, 7)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "garbage",
        "0::/gone\n",
        "0::/../../escape\n",
        "0::/a/../b\n",
        "0::/" + "a/" * 200 + "\n",
        f"10:memory:/docker/{ID}\n",
    ],
)
def test_what_cannot_be_told_is_unknown_not_unlimited(groups, text):
    groups.put("a", memory__max="max")

    assert all(map(math.isnan, groups.read(text)))


def test_nothing_mounted_is_unknown(tmp_path):
    assert all(map(math.isnan, CgroupLimits(tmp_path).read(b"0::/a\n")))


@pytest.mark.parametrize("text", ["", "lots", "12 13"])
def test_a_limit_that_is_no_number_is_unknown(groups, text):
    groups.put("a", memory__max=text, cpu__max=text, pids__max=5)
    memory, cpu, processes = groups.read("0::/a\n")

    assert math.isnan(memory)
    assert math.isnan(cpu) or text == "12 13"
    assert processes == 5


def test_a_deleted_group_still_has_its_name(groups):
    groups.put("a.service", pids__max=5)

    assert groups.read("0::/a.service (deleted)\n").processes == 5


def test_a_cgroup_namespace_of_our_own_is_seen_through(groups, monkeypatch):
    """The daemon in a pod: it knows its own group in the host's tree again."""
    slices = f"kubepods.slice/kubepods-burstable.slice/{POD}"
    other = "kubepods.slice/kubepods-burstable.slice/kubepods-burstable-podb.slice"
    groups.put(f"{slices}/cri-a.scope")
    groups.put(f"{other}/cri-b.scope", memory__max=123, cpu__max="max 100000", pids__max="max")
    inode = (groups.base / slices / "cri-a.scope").stat().st_ino
    monkeypatch.setattr(groups.limits._own, "_inode", lambda: inode)

    assert groups.read("0::/../../kubepods-burstable-podb.slice/cri-b.scope\n") == (
        *(123, math.inf, math.inf),
    )
    assert math.isnan(groups.read("0::/../../../../../../x\n").memory_bytes)


@given(st.binary(max_size=200))
def test_any_bytes_are_survived(text):
    for hierarchy, path in parse_cgroup_paths(text).values():
        assert isinstance(hierarchy, str)
        assert path.startswith(b"/")


@given(st.integers(0, 2**53), st.integers(1, 10**6))
def test_numbers_come_back(number, period):
    assert parse_number(b"%d\n" % number) == number
    assert parse_cpu_max(b"%d %d\n" % (number, period)) == number / period
    assert parse_number(b"max\n") == parse_number(b"-1\n") == math.inf
    with pytest.raises(ValueError, match="period"):
        parse_cpu_max(b"5 0")
