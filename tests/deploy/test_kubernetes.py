"""Manifests: what Kubernetes would take, and no more rights than are named."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import kubernetes_validate
import pytest
import yaml
from cloudcoil.models.prometheus_operator.v1 import PodMonitor, PrometheusRule
from pydantic import ValidationError

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "deploy/kubernetes"
BASE = FOLDER / "base"
VERSIONS = ("1.30", kubernetes_validate.latest_version())
OWN_KINDS = {"PodMonitor", "PrometheusRule", "Kustomization"}


def objects(folder: Path) -> Iterator[dict]:
    for file in sorted(folder.glob("*.yaml")):
        yield from yaml.safe_load_all(file.read_text("utf-8"))


def the(kind: str) -> dict:
    [found] = [thing for thing in objects(BASE) if thing["kind"] == kind]
    return found


POD = the("DaemonSet")["spec"]["template"]["spec"]
[CONTAINER] = POD["containers"]


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("folder", [BASE, FOLDER / "overlays/connector"], ids=lambda f: f.name)
def test_the_published_schemas_take_them(folder, version):
    """Strictly: a key that Kubernetes would drop is an error."""
    checked = 0
    for thing in objects(folder):
        if thing["kind"] in OWN_KINDS:
            continue
        if folder != BASE:  # a patch: what it leaves out, the base has
            thing = merged(the(thing["kind"]), thing)  # noqa: PLW2901
        kubernetes_validate.validate(thing, version, strict=True)
        checked += 1

    assert checked


OPERATOR = {"PodMonitor": PodMonitor, "PrometheusRule": PrometheusRule}


def unknown(given: object, taken: object, path: str = "") -> list[str]:
    """Return what is given and was not taken."""
    if isinstance(given, dict) and isinstance(taken, dict):
        return [
            fault
            for key, value in given.items()
            for fault in (
                unknown(value, taken[key], f"{path}.{key}") if key in taken else [f"{path}.{key}"]
            )
        ]
    if isinstance(given, list) and isinstance(taken, list):
        pairs = enumerate(zip(given, taken, strict=True))
        return [fault for at, (a, b) in pairs for fault in unknown(a, b, f"{path}[{at}]")]
    return [] if given == taken else [path]


def faults(thing: dict) -> list[str]:
    """Return what the operator's published definition does not know; ValidationError likewise."""
    taken = OPERATOR[thing["kind"]].model_validate(thing)
    return unknown(thing, taken.model_dump(by_alias=True, mode="json"))


def test_the_operators_definitions_take_monitor_and_rules():
    own = [thing for thing in objects(BASE) if thing["kind"] in OPERATOR]

    assert {thing["kind"] for thing in own} == set(OPERATOR)
    assert [fault for thing in own for fault in faults(thing)] == []


def test_the_operators_definitions_would_find_a_fault():
    wrong = the("PodMonitor")
    wrong["spec"]["podMetricsEndpoints"][0]["prot"] = "metrics"
    assert faults(wrong) == [".spec.podMetricsEndpoints[0].prot"]
    del wrong["spec"]["selector"]
    with pytest.raises(ValidationError, match="selector"):
        faults(wrong)


def test_the_schemas_would_find_a_fault():
    wrong = the("DaemonSet")
    wrong["spec"]["template"]["spec"]["containers"][0]["readOnlyRootFilesystem"] = True
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(wrong, VERSIONS[0], strict=True)


def merged(below: object, above: object) -> object:
    """Merge as kustomize does, as far as these patches go: lists of named things by their name."""
    if isinstance(below, dict) and isinstance(above, dict):
        return {**below, **{k: merged(below.get(k), v) for k, v in above.items()}}
    if isinstance(below, list) and isinstance(above, list) and above and "name" in above[0]:
        names = {thing["name"]: thing for thing in below}
        return list(
            {**names, **{t["name"]: merged(names.get(t["name"]), t) for t in above}}.values()
        )
    return above


def test_kustomize_finds_every_file_and_forgets_none():
    named = yaml.safe_load((BASE / "kustomization.yaml").read_text())
    assert set(named["resources"]) == {f.name for f in BASE.glob("*.yaml")} - {"kustomization.yaml"}
    for entry in named["configMapGenerator"]:
        assert all((BASE / file).is_file() for file in entry["files"])
    overlay = FOLDER / "overlays/connector"
    patches = yaml.safe_load((overlay / "kustomization.yaml").read_text())["patches"]
    assert all((overlay / patch["path"]).is_file() for patch in patches)


def test_everything_lies_in_one_namespace():
    for thing in objects(BASE):
        if thing["kind"] not in {"Namespace", "Kustomization"}:
            assert thing["metadata"]["namespace"] == "aisec-daemon"


def test_the_container_may_do_little():
    rights = CONTAINER["securityContext"]

    assert rights["capabilities"] == {"drop": ["ALL"], "add": ["SYS_PTRACE", "DAC_READ_SEARCH"]}
    assert rights["readOnlyRootFilesystem"] is True
    assert rights["allowPrivilegeEscalation"] is rights["privileged"] is False
    assert rights["seccompProfile"]["type"] == "RuntimeDefault"
    assert POD["automountServiceAccountToken"] is False
    assert the("ServiceAccount")["automountServiceAccountToken"] is False
    assert "hostNetwork" not in POD
    writable = {m["name"] for m in CONTAINER["volumeMounts"] if not m.get("readOnly")}
    assert writable == {"state", "tmp"}


def test_every_mount_has_its_volume_and_the_arguments_fit():
    volumes = {volume["name"]: volume for volume in POD["volumes"]}
    mounts = {mount["name"]: mount["mountPath"] for mount in CONTAINER["volumeMounts"]}
    arguments = dict(zip(CONTAINER["args"][::2], CONTAINER["args"][1::2], strict=True))
    variables = {variable["name"]: variable["value"] for variable in CONTAINER["env"]}

    assert set(volumes) == set(mounts)
    for name, volume in volumes.items():
        if "hostPath" in volume and name != "state":
            assert mounts[name] == arguments["--root"] + volume["hostPath"]["path"]
    assert arguments["--settings"] == mounts["settings"]
    assert variables["AISEC_WEB_CONFIG"].startswith(mounts["web"] + "/")
    port = CONTAINER["ports"][0]["containerPort"]
    assert arguments["--listen"] == f":{port}"


def test_the_daemon_takes_arguments_variables_and_settings(tmp_path, monkeypatch):
    """What the DaemonSet sets exists, and the settings file has no mistake."""
    from aisec_daemon.app.settings import load  # noqa: PLC0415

    for variable in CONTAINER["env"]:
        monkeypatch.setenv(variable["name"], variable["value"])
    monkeypatch.setenv("AISEC_WEB_CONFIG", str(tmp_path))
    settings = load(BASE / "aisec.toml", listen=":9837", root=Path("/host"))

    assert settings.host.connector is False
    usage = subprocess.run(
        [sys.executable, "-m", "aisec_daemon", "run", "--help"],
        capture_output=True,
        text=True,
        check=True,
        env={"COLUMNS": "200", "PATH": ""},
    ).stdout
    assert all(argument in usage for argument in CONTAINER["args"][::2])


@pytest.mark.parametrize("name", ["monitor", "findings"])
def test_the_prometheus_rules_are_current(name):
    """`make docs` writes them."""
    file = BASE / f"prometheusrule-{name}.yaml"
    script = "import make, sys; sys.stdout.write(make.rules()[sys.argv[1]])"
    made = subprocess.run(
        [sys.executable, "-B", "-c", script, file.name],
        cwd=FOLDER,
        capture_output=True,
        text=True,
        check=True,
    )

    assert made.stdout == file.read_text("utf-8")


@pytest.mark.parametrize("name", ["monitor", "findings"])
def test_the_prometheus_rules_have_the_operators_shape(name):
    """As its definition says: groups of rules with known keys, values that are text."""
    rule = yaml.safe_load((BASE / f"prometheusrule-{name}.yaml").read_text("utf-8"))
    keys = {"record", "alert", "expr", "for", "labels", "annotations", "keep_firing_for"}

    assert set(rule["spec"]) == {"groups"}
    for group in rule["spec"]["groups"]:
        assert set(group) <= {
            "name",
            "interval",
            "rules",
            "limit",
            "labels",
            "partial_response_strategy",
        }
        for one in group["rules"]:
            assert set(one) <= keys
            assert ("record" in one) != ("alert" in one)
            texts = [one["expr"], *one.get("labels", {}).values()]
            assert all(isinstance(t, str) for t in [*texts, *one.get("annotations", {}).values()])
            assert re.fullmatch(r"\d+[smh]", one.get("for", "1m"))


def test_the_pod_monitor_has_the_operators_shape():
    spec = the("PodMonitor")["spec"]
    [endpoint] = spec["podMetricsEndpoints"]

    assert set(spec) <= {"jobLabel", "selector", "podMetricsEndpoints", "namespaceSelector"}
    assert spec["selector"] == the("DaemonSet")["spec"]["selector"]
    labels = the("DaemonSet")["spec"]["template"]["metadata"]["labels"]
    assert labels[spec["jobLabel"]] == "aisec-daemon"
    assert endpoint["port"] in {port["name"] for port in CONTAINER["ports"]}
    known = {"port", "path", "scheme", "interval", "scrapeTimeout", "basicAuth", "tlsConfig"}
    assert set(endpoint) <= known | {"relabelings"}
    for relabeling in endpoint["relabelings"]:
        assert set(relabeling) <= {"sourceLabels", "targetLabel", "action", "regex", "replacement"}
    secret = {"name": "aisec-daemon-scrape"}
    for selector in (*endpoint["basicAuth"].values(), endpoint["tlsConfig"]["ca"]["secret"]):
        assert set(selector) == {"name", "key"}
        assert selector["name"] == secret["name"]


def test_the_image_copies_only_what_is_there():
    text = (ROOT / "deploy/Dockerfile").read_text()
    sources = re.findall(r"^COPY (?!--from)(.+) \S+$", text, flags=re.MULTILINE)

    assert sources
    assert all((ROOT / name).exists() for line in sources for name in line.split())
