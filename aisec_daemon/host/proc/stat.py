"""/proc/PID/stat and /proc/stat, see proc(5)."""

from __future__ import annotations

import os
import re
from typing import NamedTuple, TypeAlias

# Position of a field of /proc/PID/stat behind the name: its number in proc(5), less 3.
STATE, PARENT, FLAGS, USER_TICKS, SYSTEM_TICKS, THREADS, PENDING = 0, 1, 6, 11, 12, 17, 28
START_TICKS, VIRTUAL_BYTES, RESIDENT_PAGES, START_CODE, ARGUMENTS_START = 19, 20, 21, 23, 45

STAT_BYTES = 2048  # a name and 50 numbers are never longer

EXITING = 0x00000004  # PF_EXITING of include/linux/sched.h, as the next two
FORKED_NOT_EXECUTED = 0x00000040  # PF_FORKNOEXEC
KERNEL_THREAD = 0x00200000  # PF_KTHREAD
_DEAD = frozenset((b"Z", b"X", b"x"))
_KILLED = 1 << 8  # SIGKILL, which a process that ends as a whole sends to each thread

Image: TypeAlias = tuple[bytes, bytes, bytes, bytes, int]
"""What tells one program image from the next: name, start, addresses (zero for strangers), flag."""

_BOOT_TIME = re.compile(rb"^btime (\d+)$", re.MULTILINE)


class Stat(NamedTuple):
    """What an identity needs of /proc/PID/stat."""

    name: bytes
    dead: bool
    leaderless: bool
    parent: int
    kernel_thread: bool
    start_ticks: int
    image: Image


class Numbers(NamedTuple):
    """What changes while a process runs; processor time in ticks, resident memory in pages.

    `virtual_bytes` is how much it maps, of files and otherwise.
    """

    parent: int
    ticks: int
    threads: int
    pages: int
    virtual_bytes: int


def split(line: bytes) -> tuple[bytes, list[bytes]]:
    """Return what stands before the last parenthesis ("PID (NAME"), and the fields behind it.

    A name may hold anything, parentheses and newlines too. ValueError if fields are missing.
    """
    head, _, tail = line.rpartition(b") ")
    fields = tail.split()
    if len(fields) <= ARGUMENTS_START:
        raise ValueError("/proc/PID/stat lacks fields")
    return head, fields


def image(head: bytes, fields: list[bytes]) -> Image:
    """Tell program images apart: exec changes at least one of these, but not the start time.

    The addresses are shown only to whoever may trace the process; for others the name tells, and
    the flag that a forked process bears until it executes something. Kernel threads execute
    nothing, but name themselves after what they do at the moment.
    """
    flags = int(fields[FLAGS])
    return (
        b"" if flags & KERNEL_THREAD else head,
        fields[START_TICKS],
        fields[START_CODE],
        fields[ARGUMENTS_START],
        flags & FORKED_NOT_EXECUTED,
    )


def dead(fields: list[bytes]) -> bool:
    """Say whether it has ended, or is about to: its memory, and what hangs on it, goes first."""
    return fields[STATE] in _DEAD or bool(int(fields[FLAGS]) & EXITING)


def goes_on(fields: list[bytes]) -> bool:
    """Say whether a thread neither has ended nor will as soon as it may run."""
    return not dead(fields) and not int(fields[PENDING]) & _KILLED


def leaderless(fields: list[bytes]) -> bool:
    """Say whether the main thread has ended, and its memory with it, while others go on."""
    return fields[VIRTUAL_BYTES] == b"0" and int(fields[THREADS]) > 1


def parse_stat(line: bytes) -> Stat:
    """Parse /proc/PID/stat; ValueError if it is not one."""
    head, fields = split(line)
    return Stat(
        name=head.partition(b" (")[2],
        dead=dead(fields),
        leaderless=leaderless(fields),
        parent=int(fields[PARENT]),
        kernel_thread=bool(int(fields[FLAGS]) & KERNEL_THREAD),
        start_ticks=int(fields[START_TICKS]),
        image=image(head, fields),
    )


def numbers(fields: list[bytes]) -> Numbers:
    """Return what a scan needs of the fields behind the name."""
    return Numbers(
        int(fields[PARENT]),
        int(fields[USER_TICKS]) + int(fields[SYSTEM_TICKS]),
        int(fields[THREADS]),
        int(fields[RESIDENT_PAGES]),
        int(fields[VIRTUAL_BYTES]),
    )


def parse_boot_time(text: bytes) -> int:
    """Return the boot's time in seconds since 1970 from /proc/stat; ValueError if it lacks it."""
    found = _BOOT_TIME.search(text)
    if found is None:
        raise ValueError("/proc/stat has no btime")
    return int(found[1])


def read_start_ticks(directory: int | None, file: str = "stat") -> int:
    """Return when a process started: whose folder is open, or whose stat's path is given.

    OSError or ValueError.
    """
    descriptor = os.open(file, os.O_RDONLY | os.O_CLOEXEC, dir_fd=directory)
    try:
        return int(split(os.read(descriptor, STAT_BYTES))[1][START_TICKS])
    finally:
        os.close(descriptor)
