"""/proc/PID/mountinfo, see proc_pid_mountinfo(5): what is mounted where, as the process sees it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

from aisec_daemon.host.proc.cgroup import Placement, parse_cgroup

LIMIT_BYTES = 1 << 20

_FIELDS = 5  # before the optional ones, of those that are needed here
_ESCAPE = re.compile(rb"\\([0-7]{3})")
_ID = rb"[0-9a-f]{64}"
# Files that runtimes bind into a container lie in its folder on the host: Docker's
# containers/ID/hostname, Podman's and CRI-O's overlay-containers/ID/userdata/hostname; of
# containerd's pods only the sandbox has one, sandboxes/ID/hostname.
_BOUND = (b"/etc/hostname", b"/etc/resolv.conf", b"/etc/hosts", b"/run/.containerenv")
_OWN = re.compile(rb"/(?:overlay-)?containers/(" + _ID + rb")/")
_SANDBOX = re.compile(rb"/sandboxes/(" + _ID + rb")/")
_LAYER = re.compile(rb"(?:^|,)upperdir=[^,]*/(" + _ID + rb")/diff(?:,|$)")
_UID = rb"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{32}"
_POD = re.compile(rb"/pods/(" + _UID + rb")/(?:etc-hosts|containers/|volumes/)")


class Mount(NamedTuple):
    """One mount: which folder of its file system, where, of which type, from which source."""

    root: bytes
    point: bytes
    kind: str
    source: bytes
    options: bytes  # of the file system; they may hold secrets


def parse_mountinfo(text: bytes) -> list[Mount]:
    """Return all mounts, in their order; lines that are none are passed over."""
    mounts = []
    for line in text.split(b"\n"):
        before, dash, behind = line.partition(b" - ")
        fields, more = before.split(b" "), behind.split(b" ")
        if dash and len(fields) > _FIELDS - 1 and len(more) > 1:
            root, point, source = map(_unescape, (fields[3], fields[4], more[1]))
            kind = more[0].decode("ascii", "replace")
            mounts.append(Mount(root, point, kind, source, more[2] if len(more) > 2 else b""))  # noqa: PLR2004 - type, source, options
    return mounts


def mount_of(mounts: Iterable[Mount], path: bytes) -> Mount | None:
    """Return the mount that a path lies on: the longest that leads to it, of equals the last."""
    best: Mount | None = None
    for mount in mounts:
        if best is not None and len(mount.point) < len(best.point):
            continue
        if mount.point in (b"/", path) or path.startswith(mount.point + b"/"):
            best = mount
    return best


def place_by_mounts(mounts: Iterable[Mount]) -> Placement:
    """Find container and pod where the cgroup says only "/": in what the runtime has mounted.

    A container's own id comes first, then its group as the mounted cgroup file systems tell it, the
    pod's sandbox, and the id of the layer it writes to.
    """
    mounts = list(mounts)
    bound = b"\n".join(mount.root for mount in mounts if mount.point in _BOUND)
    pods = b"\n".join(mount.root for mount in mounts)
    groups = [mount for mount in mounts if mount.kind in ("cgroup", "cgroup2")]
    group = parse_cgroup(b"\n".join(b"0::" + mount.root for mount in groups))
    layers = [_LAYER.search(mount.options) for mount in mounts if mount.point == b"/"]
    own, sandbox, pod = _OWN.search(bound), _SANDBOX.search(bound), _POD.search(pods)
    layer = next((found for found in reversed(layers) if found), None)
    container = _word(own) or group.container or _word(sandbox) or _word(layer)
    return group._replace(container=container, pod=group.pod or _word(pod), unit="")


def _word(found: re.Match[bytes] | None) -> str:
    return found[1].decode() if found else ""


def _unescape(field: bytes) -> bytes:
    """Undo the kernel's escapes of space, tab, newline and backslash."""
    if b"\\" not in field:
        return field
    return _ESCAPE.sub(lambda found: bytes([int(found[1], 8) & 0xFF]), field)
