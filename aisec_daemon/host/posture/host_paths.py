"""Which of the host's folders and sockets a container has mounted."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator

from aisec_daemon.host.proc.mountinfo import Mount

_ROOTS_MAX = 16  # of one file system: the widest ones; volumes bind thousands of small ones

_ALWAYS = (
    *(b"/", b"/boot", b"/dev", b"/dev/shm", b"/etc", b"/etc/kubernetes", b"/etc/shadow"),
    *(b"/lib", b"/root", b"/run", b"/run/containerd", b"/run/crio"),
    *(b"/run/docker", b"/usr", b"/var", b"/var/lib", b"/var/lib/containerd", b"/var/lib/docker"),
    *(b"/var/lib/containers", b"/var/lib/kubelet", b"/var/run", b"/var/spool/cron"),
)
_WRITABLE = (
    *(b"/proc", b"/proc/sys", b"/proc/sysrq-trigger", b"/sys", b"/sys/fs/cgroup", b"/sys/kernel"),
    *(b"/var/log", b"/etc/cron.d", b"/etc/systemd/system", b"/etc/ld.so.preload"),
)
"""What gives the host away once mounted; the second ones if they may be written."""

_KEYS = re.compile(rb"/(?:.*/)?\.ssh")  # of anybody: each has a name of its own

_SOCKETS = {
    b"docker.sock": "docker",
    b"cri-dockerd.sock": "docker",
    b"dockershim.sock": "docker",
    b"containerd.sock": "containerd",
    b"crio.sock": "crio",
    b"podman.sock": "podman",
    b"buildkitd.sock": "buildkit",
}
PLACES = (
    *(b"/run/docker.sock", b"/run/cri-dockerd.sock", b"/run/containerd/containerd.sock"),
    *(b"/run/k3s/containerd/containerd.sock", b"/run/crio/crio.sock", b"/run/podman/podman.sock"),
    b"/run/buildkit/buildkitd.sock",
)
"""Where runtimes listen, unless told otherwise; a folder above it leads there too."""

_NEW_PROC = re.compile(rb"/proc(/.*)?")


class HostPaths:
    """Translates what is mounted elsewhere into paths of the host, by the host's own mounts."""

    def __init__(self, mounts: Iterable[Mount]) -> None:
        roots: dict[bytes, dict[bytes, bytes]] = defaultdict(dict)
        for mount in mounts:
            known = roots[mount.device].get(mount.root)
            if known is None or len(mount.point) < len(known):
                roots[mount.device][mount.root] = mount.point
        self._roots = {
            device: sorted(pairs.items(), key=lambda pair: len(pair[0]))[:_ROOTS_MAX]
            for device, pairs in roots.items()
        }

    def of(self, mount: Mount) -> Iterator[bytes]:
        """Yield the paths by which the host knows what is mounted here; none if it does not."""
        for root, point in self._roots.get(mount.device, ()):
            base = root.rstrip(b"/")
            if mount.root == root or mount.root.startswith(base + b"/"):
                yield point.rstrip(b"/") + mount.root[len(base) :].rstrip(b"/") or b"/"


def sensitive(mounts: Iterable[Mount], host: HostPaths, *, own_pids: bool) -> set[str]:
    """Name the host's sensitive folders among what is mounted.

    A new procfs shows the host's if the process shares its pids (not `own_pids`): no mount is to
    blame for that.
    """
    found = set()
    for mount in mounts:
        if not own_pids and mount.kind == b"proc" and _NEW_PROC.fullmatch(mount.point):
            continue
        for path in host.of(mount):
            if path in _ALWAYS or (path in _WRITABLE and not mount.read_only):
                found.add(path.decode())
            elif _KEYS.fullmatch(path):
                found.add("~/.ssh")
    return found


def sockets(mounts: Iterable[Mount], host: HostPaths, there: Callable[[bytes], bool]) -> set[str]:
    """Name the runtimes whose sockets are mounted, or lie in a folder of the host that is.

    `there` says whether a path of the host is a socket.
    """
    found = set()
    for mount in mounts:
        name = mount.root.rpartition(b"/")[2]
        if name in _SOCKETS:
            found.add(_SOCKETS[name])
            continue
        for path in host.of(mount):
            above = path.rstrip(b"/") + b"/"
            below = (place for place in PLACES if place.startswith(above) and there(place))
            found |= {_SOCKETS[place.rpartition(b"/")[2]] for place in below}
    return found
