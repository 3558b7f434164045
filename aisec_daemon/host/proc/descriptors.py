"""/proc/PID/fd, see proc_pid_fd(5)."""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterable
from contextlib import suppress
from itertools import islice

LINKS_MAX = 65536  # of one process: anybody may open a million files, and following them takes 5 s

_GPU_NODE = b"/dev/nvidia"
_SOCKET = b"socket:["
_PROTOCOL = re.compile(r"(?:af_)?([a-z0-9-]+?)(?:v6)?")


def read_links(folder: str) -> list[bytes]:
    """Return where the open files of a process lead; OSError if its folder may not be read.

    A file that is closed meanwhile is left out; no more than `LINKS_MAX` are followed.
    """
    links = []
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        with os.scandir(descriptor) as files:
            for file in islice(files, LINKS_MAX):
                with suppress(FileNotFoundError):
                    links.append(os.readlink(file.name.encode(), dir_fd=descriptor))
    finally:
        os.close(descriptor)
    return links


def holds_gpu(links: Iterable[bytes]) -> bool:
    """Say whether a node of the NVIDIA driver is among them."""
    return any(link.startswith(_GPU_NODE) for link in links)


def socket_inodes(links: Iterable[bytes]) -> frozenset[int]:
    """Return the inodes of the sockets among them."""
    numbers = (link[len(_SOCKET) : -1] for link in links if link.startswith(_SOCKET))
    return frozenset(int(number) for number in numbers if number.isdigit())


def protocols(folder: str, inodes: Collection[int]) -> dict[int, str]:
    """Return the protocols of some sockets of a process, by inode: tcp, udp, unix and so on.

    Empty where the kernel does not tell it; a socket that is closed meanwhile is left out. OSError
    if the folder may not be read. The extended attribute is that of net/socket.c.
    """
    found: dict[int, str] = {}
    wanted = {b"socket:[%d]" % inode: inode for inode in inodes}
    with os.scandir(folder) as files:
        for file in islice(files, LINKS_MAX):
            with suppress(FileNotFoundError):
                inode = wanted.get(os.readlink(os.fsencode(file.path)))  # noqa: PTH115 - as above
                if inode is not None and inode not in found:
                    found[inode] = _protocol(file.path)
    return found


def _protocol(path: str) -> str:
    try:
        name = os.getxattr(path, "system.sockprotoname")
    except OSError as error:
        if isinstance(error, FileNotFoundError):
            raise
        return ""
    known = _PROTOCOL.fullmatch(name.rstrip(b"\0").decode("ascii", "replace").lower())
    return known[1] if known else ""
