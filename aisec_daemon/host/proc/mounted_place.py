"""Which container a process is in, told by what its runtime has mounted.

Inside a private cgroup namespace /proc/PID/cgroup says "/" (cgroup_namespaces(7)).
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from aisec_daemon.host.proc.cgroup import Placement, parse_cgroup
from aisec_daemon.host.proc.mountinfo import Mount

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


def place_by_mounts(mounts: Iterable[Mount]) -> Placement:
    """Find container and pod where the cgroup says only "/": in what the runtime has mounted.

    A container's own id comes first, then its group as the mounted cgroup file systems tell it, the
    pod's sandbox, and the id of the layer it writes to. Of what it says no group bears witness.
    """
    mounts = list(mounts)
    bound = b"\n".join(mount.root for mount in mounts if mount.point in _BOUND)
    pods = b"\n".join(mount.root for mount in mounts)
    groups = [mount for mount in mounts if mount.kind in (b"cgroup", b"cgroup2")]
    group = parse_cgroup(b"\n".join(b"0::" + mount.root for mount in groups))
    layers = [_LAYER.search(mount.options) for mount in mounts if mount.point == b"/"]
    own, sandbox, pod = _OWN.search(bound), _SANDBOX.search(bound), _POD.search(pods)
    layer = next((found for found in reversed(layers) if found), None)
    container = _word(own) or group.container or _word(sandbox) or _word(layer)
    return group._replace(container=container, pod=group.pod or _word(pod), unit="", group="")


def _word(found: re.Match[bytes] | None) -> str:
    return found[1].decode() if found else ""
