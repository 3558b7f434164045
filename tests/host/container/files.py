"""Files of runtimes in a folder, as the recorded ones, for any container."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from aisec_daemon.host.proc.cgroup import parse_cgroup

RECORDED = Path(__file__).parent / "recorded"
ID = "4f5a6b7c8d9e0f1a2b3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d5e6f708192"
OTHER = ID[::-1]
IMAGE = "registry.example:5000/team/trainer:1.2"
UID = "0a3b5c7d-1e2f-4a5b-8c9d-0123456789ab"
POD = f"/kubepods/burstable/pod{UID}/{ID}"
TASKS = "io.containerd.runtime.v2.task"
CRI = "io.kubernetes.cri.image-name"


def recorded(name: str) -> Any:
    return json.loads((RECORDED / f"{name}.json").read_text())


def write(file: Path, content: Any) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(content if isinstance(content, str) else json.dumps(content))
    return file


def bundle(name: str, group: str, **annotations: str) -> Any:
    """Return a recorded bundle for another group, with these annotations more."""
    content = recorded(name)
    content["linux"]["cgroupsPath"] = group
    content["annotations"] = (content.get("annotations") or {}) | annotations
    return content


def containerd(
    root: Path, group: str = POD, image: str = IMAGE, name: str = ID, state: str = "run/containerd"
) -> Path:
    """Have containerd run a container of Kubernetes."""
    content = bundle("containerd", group, **{CRI: image})
    return write(root / state / TASKS / "k8s.io" / name / "config.json", content)


def docker(
    root: Path,
    group: str = f"/docker/{ID}",
    image: str = IMAGE,
    name: str = ID,
    state: str = "run/docker/containerd/daemon",
    data: str = "var/lib/docker",
) -> Path:
    """Have Docker run a container; return its record."""
    write(root / state / TASKS / "moby" / name / "config.json", bundle("docker", group))
    record = recorded("docker-record")
    record["ID"], record["Config"]["Image"] = name, image
    return write(root / data / "containers" / name / "config.v2.json", record)


def podman(
    root: Path,
    group: str = f"/libpod_parent/libpod-{ID}",
    image: str = IMAGE,
    name: str = ID,
    store: str = "var/lib/containers/storage/overlay-containers",
    stored: dict[str, str] | None = None,
    listed: str = "containers.json",
    **annotations: str,
) -> Path:
    """Have Podman, or CRI-O if `stored` and annotations are its, run a container; return a list."""
    content = bundle("podman", group, **annotations)
    write(root / store / name / "userdata/config.json", content)
    (entry,) = recorded("podman-list")
    metadata = json.loads(entry["metadata"]) | {"image-name": image} | (stored or {})
    entry |= {"id": name, "metadata": json.dumps(metadata)}
    return write(root / store / listed, [*_others(), entry])


def _others() -> list[Any]:
    return recorded("podman-list")


def who(group: str) -> Any:
    """Return a process as its group tells where it runs."""
    place = parse_cgroup(b"0::" + group.encode("utf-8", "surrogateescape"))
    return SimpleNamespace(container=place.container, group=place.group)
