"""Device nodes that a process can see, by what the kernel calls them, not by their names.

See Documentation/admin-guide/devices.txt.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from aisec_daemon.host.posture.descend import enter
from aisec_daemon.host.proc.mountinfo import Mount, at

ENTRIES_MAX = 4096  # of one folder
_FOLDERS = (b"", b"net", b"mapper", b"vfio", b"input", b"dri")
_LIST = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC

_NVIDIA, _NVIDIA_CONTROL = 195, 254  # modeset and nvidiactl have the last two minors
_CHARACTER = {
    (1, 1): "mem",
    (1, 2): "kmem",
    (1, 4): "port",
    (1, 11): "kmsg",
    (10, 200): "tun",
    (10, 229): "fuse",
    (10, 232): "kvm",
    (10, 236): "mapper",
    (10, 237): "loop",
}
_CHARACTER_MAJORS = {13: "input", 21: "scsi"}
_NAMED_MAJORS = {"vfio": "vfio", "nvidia-caps": "mig", "nvidia-caps-imex-channels": "imex"}
_NAMED = {b"/" + name.encode(): name for name in ("mem", "kmem", "port", "kmsg", "fuse", "kvm")}
_NAMED |= {b"/net/tun": "tun", b"/mapper/control": "mapper", b"/vfio/vfio": "vfio"}
_GPU_NAME = re.compile(rb"/nvidia(\d{1,3})")
_BLOCK_NAME = re.compile(rb"/(?:sd[a-z]+|vd[a-z]+|xvd[a-z]+|nvme\d+n\d+|dm-|mmcblk|md)[\dp]*")
_QUIET_BLOCKS = frozenset({1, 7})  # ram and loop: nothing is behind them before someone sets it up

_LOCAL = frozenset(
    {
        *(b"ext2", b"ext3", b"ext4", b"xfs", b"btrfs", b"zfs", b"f2fs", b"overlay", b"squashfs"),
        *(b"tmpfs", b"devtmpfs", b"ramfs", b"rootfs", b"erofs", b"aufs"),
    }
)
"""File systems whose answers nobody else has to give: looking into others may never end."""


@dataclass
class Devices:
    """What was seen: words for kinds of nodes, and the minors of GPUs; not `whole` if not all."""

    kinds: set[str] = field(default_factory=set)
    gpus: set[int] = field(default_factory=set)
    whole: bool = True

    def add(self, mode: int, device: int, majors: Mapping[int, str]) -> None:
        """Take a node of this type and number; `majors` are the kernel's names of characters'."""
        major, minor = os.major(device), os.minor(device)
        if stat.S_ISBLK(mode):
            if major not in _QUIET_BLOCKS:
                self.kinds.add("block")
        elif stat.S_ISCHR(mode):
            if major == _NVIDIA:
                self.gpus |= {minor} if minor < _NVIDIA_CONTROL else set()
                return
            kind = _CHARACTER.get((major, minor)) or _CHARACTER_MAJORS.get(major)
            kind = kind or _NAMED_MAJORS.get(majors.get(major, ""))
            self.kinds |= {kind} if kind else set()


def parse_majors(text: bytes) -> dict[int, str]:
    """Return the names of character devices in /proc/devices by their major numbers."""
    head = text.partition(b"\n\nBlock devices:")[0]
    pairs = (line.split() for line in head.split(b"\n"))
    return {int(p[0]): p[1].decode("ascii", "replace") for p in pairs if _is_pair(p)}


def look_at(
    directory: int, mounts: list[Mount], majors: Mapping[int, str], devices: Devices
) -> None:
    """Look at the nodes in `dev` of a process whose folder is open, and in a few folders there.

    Names are asked of file systems of this machine only, nothing is opened but folders, no link is
    followed; what that leaves out makes it less than whole. What is there says that the process
    sees a device; whether it may open it is up to its cgroup, too.
    """
    if not _all_local(mounts, (b"/", b"/dev")):
        devices.whole = False
        return
    away = {mount.point for mount in mounts if mount.kind not in _LOCAL}
    try:
        root = os.open("root", os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=directory)
    except OSError:
        devices.whole = False
        return
    try:
        for name in _FOLDERS:
            folder = (b"/dev/" + name).rstrip(b"/")
            if folder not in away:
                devices.whole &= _look_into(root, folder, away, majors, devices)
    finally:
        os.close(root)


def mounted(mounts: Iterable[Mount], devices: Devices) -> None:
    """Take the nodes that are mounted one by one, as runtimes without root do it.

    They are known by their names in the host's devtmpfs, which nobody in a container can give. In a
    user namespace of its own a process can make no others.
    """
    for mount in mounts:
        if mount.kind != b"devtmpfs":
            continue
        gpu = _GPU_NAME.fullmatch(mount.root)
        if gpu:
            devices.gpus.add(int(gpu[1]))
        elif _BLOCK_NAME.fullmatch(mount.root):
            devices.kinds.add("block")
        elif mount.root in _NAMED:
            devices.kinds.add(_NAMED[mount.root])


def _all_local(mounts: list[Mount], points: Iterable[bytes]) -> bool:
    found = (at(mounts, point) for point in points)
    return bool(mounts) and all(mount is None or mount.kind in _LOCAL for mount in found)


def _look_into(
    root: int, folder: bytes, away: set[bytes], majors: Mapping[int, str], devices: Devices
) -> bool:
    """Look at the nodes in one folder; return whether that were all."""
    try:
        place = enter(root, folder)
    except FileNotFoundError:
        return True
    except OSError:
        return False
    try:
        opened = os.open(b".", _LIST, dir_fd=place)
    except OSError:
        return False
    finally:
        os.close(place)
    try:
        return _take(opened, folder, away, majors, devices)
    finally:
        os.close(opened)


def _take(
    opened: int, folder: bytes, away: set[bytes], majors: Mapping[int, str], devices: Devices
) -> bool:
    for seen, name in enumerate(_names(opened)):
        if seen >= ENTRIES_MAX:
            return False
        if folder + b"/" + os.fsencode(name) in away:
            continue
        try:
            found = os.stat(name, dir_fd=opened, follow_symlinks=False)
        except OSError:
            continue
        devices.add(found.st_mode, found.st_rdev, majors)
    return True


def _names(opened: int) -> Iterator[str]:
    """Yield names as the kernel hands them out: a folder can hold millions."""
    with os.scandir(opened) as entries:
        for entry in entries:
            yield entry.name


def _is_pair(parts: list[bytes]) -> bool:
    return len(parts) == 2 and parts[0].isdigit()  # noqa: PLR2004 - number and name
