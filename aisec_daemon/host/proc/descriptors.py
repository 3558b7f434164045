"""/proc/PID/fd, see proc_pid_fd(5)."""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterable
from contextlib import suppress
from itertools import islice

LINKS_MAX = 65536  # of one process: anybody may open a million files, and following them takes 5 s

_THREADS_MAX = 64  # of a process, whose open files are counted
_TABLES_MAX = 4  # of open files, beside the main thread's
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


def other_folders(tasks: str, files: int) -> list[str]:
    """Return the folders of open files of threads that have some of their own, unshare(2).

    They are told by their number, which differs from `files` of the process (Linux 6.2 and later).
    A thread that opens a file meanwhile is told, too. Of so many threads at most four are.
    """
    found: list[str] = []
    if not files:
        return found
    with suppress(OSError), os.scandir(tasks) as threads:
        for thread in islice(threads, _THREADS_MAX):
            folder = f"{thread.path}/fd"
            with suppress(OSError):
                if os.stat(folder).st_size not in (0, files):  # noqa: PTH116 - as above
                    found.append(folder)
    return found[:_TABLES_MAX]


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
                    found |= _protocol(file.path, inode)
            if len(found) == len(wanted):
                break
    return found


def _protocol(path: str, inode: int) -> dict[int, str]:
    """Ask a socket for its protocol; nothing if another file has come in its place.

    That may be one of a file system that never answers, so it is held before it is asked.
    """
    held = os.open(path, os.O_PATH | os.O_CLOEXEC)
    try:
        link = f"/proc/self/fd/{held}"
        if os.readlink(link) != f"socket:[{inode}]":  # noqa: PTH115 - as above
            return {}
        name = os.getxattr(link, "system.sockprotoname")
    except OSError:
        return {inode: ""}
    finally:
        os.close(held)
    known = _PROTOCOL.fullmatch(name.rstrip(b"\0").decode("ascii", "replace").lower())
    return {inode: known[1] if known else "other"}
