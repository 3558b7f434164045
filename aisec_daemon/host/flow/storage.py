"""On what a file lies: the mount behind it, in one word."""

from __future__ import annotations

from typing import NamedTuple

from aisec_daemon.host.proc.mountinfo import Mount
from aisec_daemon.host.redaction.redact import redact_command

_NETWORK = frozenset(
    {
        *("nfs", "nfs4", "cifs", "smb3", "smbfs", "ceph", "lustre", "gpfs", "beegfs", "9p", "afs"),
        *(
            "glusterfs",
            "ocfs2",
            "gfs2",
            "orangefs",
            "pvfs2",
            "wekafs",
            "panfs",
            "virtiofs",
            "ncpfs",
        ),
    }
)
_MEMORY = frozenset(("tmpfs", "ramfs", "hugetlbfs", "devtmpfs"))
_CONTAINER = frozenset(("overlay", "aufs", "fuse.fuse-overlayfs"))


class Storage(NamedTuple):
    """Where a file lies: its mount's source, file system and kind; empty if no mount is known.

    `kind` is network, fuse (which may be a network, like s3fs), container, memory or local.
    """

    source: str = ""
    file_system: str = ""
    kind: str = ""

    @property
    def may_be_asked(self) -> bool:
        """Whether its files may be asked for their size: no server has to answer for that."""
        return self.kind in ("container", "memory", "local")


def storage(mount: Mount | None) -> Storage:
    """Describe a mount; its source may be a URL with a password."""
    if mount is None:
        return Storage()
    source = redact_command(mount.source)
    return Storage(source, redact_command(mount.kind), _kind(mount.kind.decode("ascii", "replace")))


def _kind(file_system: str) -> str:
    if file_system in _NETWORK:
        return "network"
    if file_system in _CONTAINER:
        return "container"
    if file_system in _MEMORY:
        return "memory"
    return "fuse" if file_system.startswith("fuse") else "local"
