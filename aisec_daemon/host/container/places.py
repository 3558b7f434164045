"""Where runtimes keep their files, below the host's root: as built, and as an operator moved them.

A user's own (rootless) runtimes write elsewhere and are not looked for: what they say is his word.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import orjson

from aisec_daemon.host.container.files import read

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

_STATES = (  # of containerd: its own, k3s and RKE2, k0s, MicroK8s
    *("/run/containerd", "/run/k3s/containerd", "/run/k0s/containerd"),
    "/var/snap/microk8s/common/run/containerd",
)
_DOCKER_EXEC, _DOCKER_DATA = "/run/docker", "/var/lib/docker"
_GRAPH, _RUN = "/var/lib/containers/storage", "/run/containers/storage"
_DOCKERS_OWN = "/containerd/daemon"  # the containerd that dockerd starts where there is none
_TASKS = "/io.containerd.runtime.v2.task/"


@dataclass(frozen=True)
class Places:
    """Folders as absolute paths.

    `states` are containerd's, `data` Docker's, `stores` the permanent and the volatile folder of
    containers/storage (Podman, CRI-O).
    """

    states: tuple[str, ...] = (*_STATES, _DOCKER_EXEC + _DOCKERS_OWN)
    data: tuple[str, ...] = (_DOCKER_DATA,)
    stores: tuple[str, ...] = (_GRAPH, _RUN)

    def bundles(self, namespace: str, container: str) -> Iterator[str]:
        """Yield where containerd may have the bundle of a container."""
        for state in self.states:
            yield f"{state}{_TASKS}{namespace}/{container}/config.json"


def read_places(root: int) -> Places:
    """Return where they are by their settings, and where they are without; what fails says nothing.

    `state` of containerd, `data-root` and `exec-root` of dockerd, `graphroot` and `runroot` of
    containers-storage.conf(5).
    """
    containerd = _settings(root, b"etc/containerd/config.toml")
    docker = _settings(root, b"etc/docker/daemon.json")
    storage = _settings(root, b"etc/containers/storage.conf").get("storage")
    storage = storage if isinstance(storage, dict) else {}
    execs = _first(docker, "exec-root", _DOCKER_EXEC)
    return Places(
        states=(
            *dict.fromkeys((*_first(containerd, "state"), *_STATES)),
            *(place + _DOCKERS_OWN for place in execs),
        ),
        data=_first(docker, "data-root", _DOCKER_DATA),
        stores=(*_first(storage, "graphroot", _GRAPH), *_first(storage, "runroot", _RUN)),
    )


def _first(settings: Mapping[str, Any], name: str, *built: str) -> tuple[str, ...]:
    told = settings.get(name)
    mine = (told.rstrip("/"),) if isinstance(told, str) and told.startswith("/") else ()
    return tuple(dict.fromkeys((*mine, *built)))


def _settings(root: int, path: bytes) -> Mapping[str, Any]:
    with suppress(OSError, ValueError, RecursionError):
        text = read(root, path)
        json = path.endswith(b".json")
        content: object = orjson.loads(text) if json else tomllib.loads(text.decode())
        if isinstance(content, dict):
            return content
    return {}
