"""What runtimes write of containers: OCI bundles, Docker's records, lists of containers/storage."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import orjson

from aisec_daemon.host.container.group import made_group

_CONTAINERD_IMAGE, _CONTAINERD_TYPE = (
    "io.kubernetes.cri.image-name",
    "io.kubernetes.cri.container-type",
)
_CRIO_IMAGES = ("io.kubernetes.cri-o.ImageName", "io.kubernetes.cri-o.Image")


class Bundle(NamedTuple):
    """Of a `config.json` (OCI runtime specification): the container's group, its annotations."""

    group: str
    annotations: Mapping[str, Any]

    @property
    def of_containerd(self) -> str:
        """The image by containerd's annotation, since 1.5; empty if there is none.

        Containerd writes it after all that a pod brings, but before 2.0 not into the sandbox: what
        such a one bears may be the pod's own word, where an operator lets all annotations through.
        """
        sandbox = self._word(_CONTAINERD_TYPE) == "sandbox"
        return "" if sandbox else self._word(_CONTAINERD_IMAGE)

    @property
    def of_crio(self) -> str:
        """The image by CRI-O's annotations; empty if there is none."""
        return next(filter(None, map(self._word, _CRIO_IMAGES)), "")

    def _word(self, name: str) -> str:
        word = self.annotations.get(name)
        return word if isinstance(word, str) else ""


class Stored(NamedTuple):
    """A container in a list: its image as it was asked for, and whether CRI-O made it."""

    image: str
    crio: bool


def parse_bundle(text: bytes) -> Bundle:
    """Parse it; ValueError if it is none. A group that cannot be told is empty."""
    content = _object(orjson.loads(text))
    path = _object(content.get("linux") or {}).get("cgroupsPath")
    annotations = _object(content.get("annotations") or {})
    return Bundle(made_group(path) if isinstance(path, str) else "", annotations)


def parse_record(text: bytes, container: str) -> str:
    """Return the image that Docker's `config.v2.json` names; ValueError if it is of another."""
    content = _object(orjson.loads(text))
    if content.get("ID") != container:
        raise ValueError("the record is of another container")
    image = _object(content.get("Config") or {}).get("Image")
    return image if isinstance(image, str) else ""


def parse_store(text: bytes) -> dict[str, Stored]:
    """Return the containers of a `containers.json`, by id; ValueError if it is none.

    `metadata` is what Podman, Buildah or CRI-O stored with one, as JSON within JSON: names of pods
    are CRI-O's. An entry that is none is left out.
    """
    content = orjson.loads(text)
    if not isinstance(content, list):
        raise ValueError("no list")  # noqa: TRY004 - what a parser raises for any text
    found = {}
    for entry in content:
        if not isinstance(entry, dict):
            continue
        name, told = entry.get("id"), entry.get("metadata")
        try:
            metadata = _object(orjson.loads(told)) if isinstance(told, str) else {}
        except ValueError:
            metadata = {}
        image = metadata.get("image-name")
        if isinstance(name, str) and isinstance(image, str):
            found[name] = Stored(image, crio="pod-id" in metadata)
    return found


def _object(value: object) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ValueError("no object")  # noqa: TRY004 - what a parser raises for any text
    return value
