"""What an operator is told of workloads with too many rights, and of whom nothing is said."""

from __future__ import annotations

import numpy as np
import pytest

from aisec_daemon.app import catalogue
from aisec_daemon.detectors.posture import Posture
from aisec_daemon.model import Severity
from aisec_daemon.model.allow import Allow
from aisec_daemon.pipeline.pipeline import Pipeline
from tests.detectors.posture.given import (
    DOCKER,
    HARDENED,
    ID,
    MODES,
    NODE,
    PLAIN,
    PRIVILEGED,
    judge,
    snapshot,
)


def told(verdict):
    """The failed checks of the only row, if it is past the line."""
    assert len(verdict.subjects) == 1
    return verdict.facts["failed"][0].split() if verdict.score[0] >= 1 else []


def test_a_privileged_container_with_all_gpus_and_the_runtimes_socket_is_high():
    words = PRIVILEGED | {"runtime_sockets": "docker", "host_paths": "/etc"}
    verdict = judge(a=({"visible_gpus": 8.0, "used_gpus": 8.0, "node_gpus": 8.0}, words))

    assert verdict.severities == (Severity.HIGH,)
    assert verdict.reasons[0] == (
        "container cccccccccccc (/usr/bin/python3, user root) is privileged: all capabilities and "
        "devices of the host (block, fuse, kmsg, mem); can reach the socket of docker, which is "
        "root on the host; has mounted of the host: /etc; sees raw devices of the host: block, "
        "fuse, kmsg, mem; has capabilities beyond the usual: all"
    )
    assert verdict.keys == ("container /usr/bin/python3 root 0123456789ab",)
    assert verdict.facts["remedy"][0].startswith("leave --privileged out")


@pytest.mark.parametrize("lacks", ["runtime_sockets", "gpus", "privileged"])
def test_less_than_all_three_is_a_warning(lacks):
    words = PRIVILEGED | {"runtime_sockets": "docker"}
    gpus = {"visible_gpus": 8.0, "used_gpus": 8.0, "node_gpus": 8.0}
    if lacks == "gpus":
        gpus["visible_gpus"] = 2.0
    elif lacks == "privileged":
        words = PLAIN | {"runtime_sockets": "docker"}
    else:
        words = PRIVILEGED
    verdict = judge(a=(gpus, words))

    assert verdict.severities == (Severity.WARNING,)
    assert verdict.score[0] >= 1


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"net_namespace": "host"},
        {"ipc_namespace": "host", "net_namespace": "host", "host_paths": "/dev/shm"},
        {"capabilities": f"{DOCKER} ipc_lock sys_nice"},
        {"uts_namespace": "host", "cgroup_namespace": "host"},
        {"devices": "fuse kvm tun"},
        {"seccomp": "off", "security_label": "unconfined"},
        {"security_label": ""},
    ],
)
def test_containers_as_people_start_them_are_not_told(change):
    """NCCL's guides ask for the host's network and memory; nobody can act on each of them."""
    gpus = {"visible_gpus": 8.0, "used_gpus": 1.0, "node_gpus": 8.0}
    verdict = judge(a=(gpus, PLAIN | change))

    assert verdict.score[0] < 1


@pytest.mark.parametrize(
    ("change", "failed"),
    [
        ({"runtime_sockets": "containerd"}, ["runtime_socket"]),
        ({"host_paths": "/ /root"}, ["host_path"]),
        ({"devices": "block"}, ["host_device"]),
        ({"capabilities": "sys_admin"}, ["dangerous_capabilities"]),
        ({"pid_namespace": "host"}, ["host_pid"]),
        ({"pid_namespace": "host", "net_namespace": "host"}, ["host_pid", "host_network"]),
    ],
)
def test_what_gives_the_host_away_is_told(change, failed):
    verdict = judge(a=PLAIN | change)

    assert told(verdict) == failed
    assert verdict.severities == (Severity.WARNING,)


@pytest.mark.parametrize("kind", ["service", "process"])
def test_on_bare_metal_nothing_is_told_by_default(kind):
    """There everything runs with the rights of whoever started it."""
    bare = {"kind": kind, "container": "", "unit": "x.service"}
    words = PRIVILEGED | bare | {"runtime_sockets": None, "host_paths": None, "devices": None}

    assert judge(a=words).score[0] == 0


@pytest.mark.parametrize(
    ("kind", "failed"),
    [
        ("service", ["unprivileged_user", "no_new_privileges", "capabilities_dropped", "seccomp"]),
        ("process", ["unprivileged_user"]),
    ],
)
def test_the_restricted_policy_asks_of_services_what_a_unit_can_say(kind, failed):
    verdict = judge(
        Posture(policy="restricted"), a=PRIVILEGED | {"kind": kind, "unit": "x.service"}
    )

    assert told(verdict) == failed
    assert verdict.reasons[0].startswith(f"{kind} ")
    assert verdict.facts["remedy"][0] == "User= or DynamicUser=yes"


def test_the_restricted_policy_tells_each_failure():
    restricted = Posture(policy="restricted")

    assert judge(restricted, a=HARDENED).score[0] == 0
    assert told(judge(restricted, a=HARDENED | {"net_namespace": "host"})) == ["host_network"]
    assert set(told(judge(restricted, a=PLAIN))) == {
        *("unprivileged_user", "no_new_privileges", "capabilities_dropped"),
    }


def test_a_site_may_choose_its_checks():
    own = Posture(policy="own", checks=("read_only_root", "memory_limit"))

    assert told(judge(own, a=PRIVILEGED | {"memory_limited": "yes"})) == ["read_only_root"]
    assert judge(own, a=HARDENED).score[0] == 0


@pytest.mark.parametrize(
    "settings",
    [{"policy": "strict"}, {"policy": "own"}, {"policy": "own", "checks": ("seccomp", "typo")}],
)
def test_settings_that_mean_nothing_are_refused(settings):
    with pytest.raises(ValueError, match=r"policy|checks|check .typo"):
        Posture(**settings)


def test_root_of_a_user_namespace_is_not_root():
    verdict = judge(Posture(policy="own", checks=("unprivileged_user",)), a=PLAIN)
    mapped = judge(
        Posture(policy="own", checks=("unprivileged_user",)), a=PLAIN | {"root": "namespace"}
    )

    assert (verdict.score[0], mapped.score[0]) == (1, 0)


def test_what_could_not_be_read_is_not_judged_well():
    unread = dict.fromkeys(HARDENED) | {"kind": "container", "asset": "a"}
    blind = judge(a=({}, unread))
    part = judge(a=PLAIN | {"net_namespace": None})
    worse = judge(a=PLAIN | {"devices": None, "runtime_sockets": "docker"})

    assert np.isnan(blind.score[0])
    assert blind.facts["hardening_ratio"][0] == 0
    assert part.score[0] < 1  # it could not make the difference
    assert part.facts["unknown"][0] == "host_network"
    assert told(worse) == ["runtime_socket"]


def test_a_row_of_an_unknown_kind_is_not_judged():
    assert np.isnan(judge(a=PRIVILEGED | {"kind": None}).score[0])


@pytest.mark.parametrize(
    ("version", "score"),
    [("1.19.1", 0), ("1.17.7", 1), ("1.16.1", 1), ("", 0), (None, np.nan), ("weird", np.nan)],
)
def test_a_toolkit_with_known_escapes_is_the_nodes_finding(version, score):
    verdict = judge(node=NODE | {"toolkit_version": version})

    assert np.array_equal(verdict.score, [score], equal_nan=True)
    assert verdict.keys == ("node",)
    if score == 1:
        assert verdict.reasons[0] == (
            f"the node has NVIDIA Container Toolkit {version}, with known ways out of containers"
        )


def test_the_nodes_modes_are_told_by_the_restricted_policy_only():
    modes = MODES | {"persistence_mode_ratio": 0.5, "accounting_mode_ratio": 0.0}
    row = (modes, NODE | {"mps_pipe": "others"})

    assert judge(node=row).score[0] == 0
    assert told(judge(Posture(policy="restricted"), node=row)) == [
        *("mps_pipe", "accounting", "persistence"),
    ]


def test_all_gpus_count_beside_something_else():
    gpus = {"visible_gpus": 8.0, "used_gpus": 1.0, "node_gpus": 8.0}
    verdict = judge(a=(gpus, PLAIN | {"pid_namespace": "host"}))

    assert "sees all 8 GPUs of the node and uses 1" in verdict.reasons[0]
    assert verdict.score[0] == pytest.approx(1.25)


def test_sums_are_over_all_checks_that_apply():
    verdict = judge(a=HARDENED, b=PLAIN | {"read_only_root": None})

    assert verdict.facts["hardening_ratio"][0] == 1.0
    assert verdict.facts["passed_checks"][0] == 20.0
    assert 0 < verdict.facts["hardening_ratio"][1] < 1
    assert verdict.facts["unknown_checks"] == (0.0, 1.0)


def test_a_case_outlives_a_restart_and_is_permitted_by_name():
    def allow():
        return Allow("posture", "needs it", "ops", 9e9, executable="/usr/bin/dcgm*")

    def step(pipeline, time, container, **words):
        row = PRIVILEGED | {"container": container} | words
        taken = snapshot(**{f"container/{container}": row})
        return pipeline.step(
            type(taken)(taken.table, time, taken.subjects, taken.values, taken.labels)
        )

    pipeline = Pipeline(catalogue.tables(), [Posture()], {}, [allow()])
    assert step(pipeline, 1000.0, ID).findings == ()  # it may be about to drop what it has
    (first,) = step(pipeline, 1120.0, ID).findings
    (again,) = step(pipeline, 1135.0, "d" * 64).findings
    for time in (1150.0, 1400.0):
        found = step(pipeline, time, "e" * 64, executable="/usr/bin/dcgm-exporter", asset="x")

    assert first.id == again.id  # another container id is the same case
    assert again.subjects == (f"container/{'d' * 64}",)
    assert [(f.subjects[0][:11], f.allowed) for f in found.findings] == [
        ("container/e", "needs it")
    ]


def test_a_case_without_a_known_command_is_the_rows_own():
    verdict = judge(a=PRIVILEGED | {"command_hash": None}, node=NODE)

    assert verdict.keys == ("a", "node")


def test_the_same_thing_started_twice_is_one_case_and_another_command_is_not():
    verdict = judge(
        a=PRIVILEGED | {"container": "a" * 64},
        b=PRIVILEGED | {"container": "b" * 64},
        c=PRIVILEGED | {"command_hash": "f" * 16},
    )

    assert verdict.keys[0] == verdict.keys[1] != verdict.keys[2]
