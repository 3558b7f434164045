"""What a file lies on."""

from __future__ import annotations

import pytest

from aisec_daemon.host.flow.storage import Storage, storage
from aisec_daemon.host.proc.mountinfo import Mount


@pytest.mark.parametrize(
    ("file_system", "kind", "asked"),
    [
        ("ext4", "local", True),
        ("overlay", "container", True),
        ("tmpfs", "memory", True),
        ("nfs4", "network", False),
        ("lustre", "network", False),
        ("fuse.s3fs", "fuse", False),
        ("fuse.fuse-overlayfs", "container", True),
        ("fuseblk", "fuse", False),
    ],
)
def test_kinds(file_system, kind, asked):
    """A server that does not answer is never asked for a size."""
    found = storage(Mount(point=b"/data", kind=file_system.encode(), source=b"src"))

    assert (found.kind, found.file_system, found.may_be_asked) == (kind, file_system, asked)


def test_a_password_in_a_source_is_hidden():
    found = storage(
        Mount(point=b"/d", kind=b"fuse.x", source=b"https://u:s3cr3t@host/share\x1b[1m")
    )

    assert "s3cr3t" not in found.source
    assert found.source.isprintable()


def test_no_mount_is_no_storage():
    assert storage(None) == Storage()
    assert not storage(None).may_be_asked
