"""The declaration of the checks, and each of them with what it passes and fails."""

from __future__ import annotations

import re

import pytest

from aisec_daemon.detectors.posture.check import KINDS, Outcome
from aisec_daemon.detectors.posture.checks import BY_NAME, CHECKS, policy
from aisec_daemon.detectors.posture.judging import hardening, judge, remedy, row_of
from aisec_daemon.detectors.posture.toolkit import FIXED, escapes
from tests.detectors.posture.given import HARDENED, MODES, NODE, PRIVILEGED, TABLE, snapshot

IDS = re.compile(r"CIS Docker 5\.\d{1,2}|PSS (baseline|restricted) [A-Za-z_]+|C-\d{4}|KSV-\d{4}")
WELL = {"visible_gpus": 2.0, "used_gpus": 2.0, "node_gpus": 2.0} | MODES | NODE | HARDENED
ILL = PRIVILEGED | {
    "visible_gpus": 2.0,
    "used_gpus": 1.0,
    "node_gpus": 2.0,
    "persistence_mode_ratio": 0.0,
    "accounting_mode_ratio": 0.0,
    "toolkit_version": "1.16.1",
    "mps_pipe": "others",
    "runtime_sockets": "docker",
    "host_paths": "/etc",
    **{f"{name}_namespace": "host" for name in ("net", "pid", "ipc", "uts", "user")},
}
every_check = pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.name)


@every_check
def test_it_passes_fails_and_knows_when_it_does_not_know(check):
    assert check.ask(WELL) is Outcome.PASS
    assert check.ask(ILL) is Outcome.FAIL
    assert check.ask(dict.fromkeys(WELL)) is Outcome.UNKNOWN
    assert check.ask({name: float("nan") for name in WELL}) is Outcome.UNKNOWN


@every_check
def test_it_declares_itself(check):
    assert re.fullmatch(r"[a-z]+(_[a-z]+)*", check.name)
    assert check.title
    assert set(check.kinds) <= set(KINDS)
    assert check.weight > 0
    assert all(IDS.fullmatch(known) for known in check.ids), check.ids
    assert len(set(check.ids)) == len(check.ids)
    for kind, text in zip(KINDS, (check.docker, check.systemd, check.systemd, "-"), strict=True):
        assert text or kind not in check.kinds
    assert "\n" not in check.docker + check.kubernetes + check.systemd


@every_check
def test_what_it_says_is_made_of_the_tables_words(check):
    words = set(re.findall(r"\{(\w+)\}", check.says))

    assert words <= {*TABLE.label_names, *TABLE.column_names}
    assert "{" not in check.phrase(ILL)
    assert "nan" not in check.phrase({})


def test_policies_contain_each_other():
    baseline, restricted = policy("baseline"), policy("restricted")

    assert set(baseline) < set(restricted) < set(CHECKS)
    assert len(BY_NAME) == len(CHECKS)


@pytest.mark.parametrize("name", ["bounding_capabilities", "devices"])
def test_privileged_is_unknown_without_either_sign(name):
    assert BY_NAME["privileged"].ask(PRIVILEGED | {name: None}) is Outcome.UNKNOWN


def test_all_capabilities_without_devices_are_not_privileged():
    assert BY_NAME["privileged"].ask(PRIVILEGED | {"devices": "fuse"}) is Outcome.PASS
    assert BY_NAME["dangerous_capabilities"].ask(PRIVILEGED) is Outcome.FAIL


@pytest.mark.parametrize("name", ["privileged", "dangerous_capabilities"])
def test_rights_in_a_user_namespace_of_its_own_are_none_on_the_host(name):
    assert BY_NAME[name].ask(PRIVILEGED | {"user_namespace": "own"}) is Outcome.PASS
    assert BY_NAME[name].ask(PRIVILEGED | {"user_namespace": None}) is Outcome.FAIL


@pytest.mark.parametrize(
    ("visible", "used", "node", "outcome"),
    [
        (8.0, 1.0, 8.0, Outcome.FAIL),
        (8.0, 8.0, 8.0, Outcome.PASS),
        (1.0, 0.0, 8.0, Outcome.PASS),
        (8.0, 0.0, 8.0, Outcome.UNKNOWN),
        (1.0, 0.0, 1.0, Outcome.PASS),
        (float("nan"), 1.0, 8.0, Outcome.UNKNOWN),
        (8.0, 1.0, float("nan"), Outcome.UNKNOWN),
    ],
)
def test_all_gpus_of_a_node(visible, used, node, outcome):
    row = {"visible_gpus": visible, "used_gpus": used, "node_gpus": node}

    assert BY_NAME["all_gpus"].ask(row) is outcome


@pytest.mark.parametrize(
    ("ipc", "paths", "outcome"),
    [
        ("own", "", Outcome.PASS),
        ("own", "/dev/shm /etc", Outcome.FAIL),
        ("host", None, Outcome.FAIL),
        ("own", None, Outcome.UNKNOWN),
        (None, "", Outcome.UNKNOWN),
    ],
)
def test_shared_memory(ipc, paths, outcome):
    row = {"ipc_namespace": ipc, "host_paths": paths}

    assert BY_NAME["shared_memory"].ask(row) is outcome


@pytest.mark.parametrize(
    ("version", "flaws"),
    [
        ("1.16.1", ("CVE-2024-0132", "CVE-2025-23359", "CVE-2025-23266")),
        ("1.16.2", ("CVE-2025-23359", "CVE-2025-23266")),
        ("1.17.4", ("CVE-2025-23266",)),
        ("1.17.8~rc.1", ("CVE-2025-23266",)),
        ("1.17.8", ()),
        ("1.19.1", ()),
        ("2.0", ()),
        ("", ()),
        ("latest", None),
        (None, None),
        (1.17, None),
    ],
)
def test_known_escapes_of_the_toolkit(version, flaws):
    assert escapes(version) == flaws


def test_flaws_are_in_the_order_of_their_fixes():
    assert [fixed for _, fixed, _ in FIXED] == sorted(fixed for _, fixed, _ in FIXED)


def test_an_inventory_can_ask_for_all():
    """What the command line lists: a row, its answers and their sum."""
    row = row_of(snapshot(a=PRIVILEGED, node=NODE), 0)
    answers = {check.name: outcome for check, outcome in judge(row)}
    sums = hardening(judge(row))

    assert answers["privileged"] is Outcome.FAIL
    assert answers["runtime_socket"] is Outcome.PASS
    assert "toolkit_version" not in answers
    assert sums.passed + sums.failed + sums.unknown == len(answers)
    assert 0 < sums.ratio < 1
    assert hardening([]).passed == 0


def test_the_remedy_is_that_of_the_place():
    check = BY_NAME["no_new_privileges"]

    assert remedy(check, {"kind": "container", "pod": ""}).startswith("--security-opt")
    assert remedy(check, {"kind": "container", "pod": "u-i-d"}).startswith("securityContext")
    assert remedy(check, {"kind": "service"}) == "NoNewPrivileges=yes"
