"""Finds what a runtime wrote of a container below one root: its group, and its image's name."""

from __future__ import annotations

import os
import re
from contextlib import suppress
from errno import ENOENT, ENOTDIR
from pathlib import Path
from typing import NamedTuple

from aisec_daemon.host.beneath import listed
from aisec_daemon.host.container.bundle import (
    Bundle,
    Stored,
    parse_bundle,
    parse_record,
    parse_store,
)
from aisec_daemon.host.container.files import opened, read, slurp
from aisec_daemon.host.container.places import Places, read_places

_KUBERNETES, _DOCKER = "k8s.io", "moby"  # namespaces of containerd
_DRIVERS = ("overlay", "vfs", "btrfs", "zfs")  # of containers/storage: a folder and lists each
_LISTS = ("containers.json", "volatile-containers.json")  # the second is of `podman run --rm`
_REMAPPED = re.compile(r"\d+\.\d+")  # Docker's folder for containers with users of their own
_ENTRIES_MAX = 256  # of its data folder, which has some fifteen
_ID = re.compile(r"(?:sha256:)?[0-9a-f]{64}")
_NOT_THERE = frozenset((ENOENT, ENOTDIR))

_Version = tuple[int, int, int]


class Found(NamedTuple):
    """The group that the runtime gave a container, and its image; empty if it does not name it."""

    group: str
    image: str


class Finder:
    """Reads below one root; remembers where runtimes keep files, and the lists that it read."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._places: Places | None = None
        self._lists: dict[str, tuple[_Version, dict[str, Stored]]] = {}

    def find(self, container: str) -> Found:
        """Find a container by its id (64 digits); FileNotFoundError, OSError, ValueError.

        `container` becomes part of paths: the caller has looked that it is an id and nothing else.
        """
        root = os.open(self._root, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            places = self._places = self._places or read_places(root)
            for look in (self._kubernetes, self._docker, self._stored):
                found = look(root, places, container)
                if found is not None:
                    return found
        finally:
            os.close(root)
        raise FileNotFoundError(ENOENT, "no runtime knows the container")

    def _kubernetes(self, root: int, places: Places, container: str) -> Found | None:
        bundle = _bundle(root, *places.bundles(_KUBERNETES, container))
        return bundle and Found(bundle.group, bundle.of_containerd)

    def _docker(self, root: int, places: Places, container: str) -> Found | None:
        bundle = _bundle(root, *places.bundles(_DOCKER, container))
        if bundle is None:
            return None
        for data in places.data:
            for folder in ("", *_remapped(root, data)):
                text = _read(root, f"{data}{folder}/containers/{container}/config.v2.json")
                if text is not None:
                    return Found(bundle.group, parse_record(text, container))
        raise FileNotFoundError(ENOENT, "Docker's record of the container is elsewhere")

    def _stored(self, root: int, places: Places, container: str) -> Found | None:
        """Of Podman or CRI-O.

        Who calls Podman may write any annotation over its own, even CRI-O's: its list is believed.
        CRI-O's list has an image's id where the kubelet has asked by one; then its annotation does.
        """
        for driver in _DRIVERS:
            folders = [f"{store}/{driver}-containers" for store in places.stores]
            place = f"{container}/userdata/config.json"
            bundle = _bundle(root, *(f"{folder}/{place}" for folder in folders))
            if bundle is None:
                continue
            stored = self._listed(root, folders, container)
            by_id = stored.crio and _ID.fullmatch(stored.image)
            return Found(bundle.group, (by_id and bundle.of_crio) or stored.image)
        return None

    def _listed(self, root: int, folders: list[str], container: str) -> Stored:
        for path in (f"{folder}/{name}" for folder in folders for name in _LISTS):
            with suppress(FileNotFoundError, NotADirectoryError):
                stored = self._list(root, path).get(container)
                if stored is not None:
                    return stored
        raise FileNotFoundError(ENOENT, "the container is in no list")

    def _list(self, root: int, path: str) -> dict[str, Stored]:
        """Return the containers of a list, which is read again only if it has changed."""
        with opened(root, path.encode()) as (descriptor, status):
            version = status.st_ino, status.st_mtime_ns, status.st_size
            known = self._lists.get(path)
            if known is None or known[0] != version:
                known = self._lists[path] = version, parse_store(slurp(descriptor))
            return known[1]


def _bundle(root: int, *paths: str) -> Bundle | None:
    """Return the first bundle that is there; OSError or ValueError if it is and cannot be used."""
    for path in paths:
        text = _read(root, path)
        if text is not None:
            return parse_bundle(text)
    return None


def _read(root: int, path: str) -> bytes | None:
    try:
        return read(root, path.encode())
    except OSError as error:
        if error.errno in _NOT_THERE:
            return None
        raise


def _remapped(root: int, data: str) -> list[str]:
    """List the folders of Docker's daemons with `userns-remap`; as parts of a path."""
    with suppress(OSError):
        names = map(os.fsdecode, listed(root, data.encode(), _ENTRIES_MAX))
        return [f"/{name}" for name in names if _REMAPPED.fullmatch(name)]
    return []
