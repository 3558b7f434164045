"""How a row of table `posture` is asked: each answers True, False, or None for unknown."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection

from aisec_daemon.detectors.posture.check import Row
from aisec_daemon.detectors.posture.toolkit import escapes

Question = Callable[[Row], bool | None]

RAW_DEVICES = frozenset({"mem", "kmem", "port", "block", "scsi", "mapper", "vfio", "input"})
"""Devices through which a process gets at what belongs to others or to the kernel."""

DEFAULT_CAPABILITIES = frozenset(
    {
        *("audit_write", "chown", "dac_override", "fowner", "fsetid", "kill", "mknod"),
        *("net_bind_service", "setfcap", "setgid", "setpcap", "setuid", "sys_chroot"),
    }
)
"""What Pod Security's baseline allows."""

USUAL_CAPABILITIES = DEFAULT_CAPABILITIES | {"net_raw", "ipc_lock", "sys_nice"}
"""And what runtimes give by default, RDMA and pinning to processors need."""

SHARED_MEMORY = "/dev/shm"  # noqa: S108 - a mount is asked about, no file is made
_UNCONFINED = ("unconfined", "spc_t")


def word(name: str, good: Collection[str], bad: Collection[str]) -> Question:
    """Pass a row whose word is one of the good ones."""

    def ask(row: Row) -> bool | None:
        value = row.get(name)
        return True if value in good else False if value in bad else None

    return ask


def yes(name: str) -> Question:
    """Pass a row that says yes."""
    return word(name, ("yes",), ("no",))


def own(namespace: str) -> Question:
    """Pass a row with a namespace of its own."""
    return word(f"{namespace}_namespace", ("own",), ("host",))


def none_of(name: str, bad: Collection[str] | None = None, but: str = "") -> Question:
    """Pass a row that has none of these words (None: no word at all), `but` one excepted."""

    def ask(row: Row) -> bool | None:
        found = words(row, name)
        if found is None:
            return None
        found = found - {but}
        return not (found if bad is None else found & set(bad))

    return ask


def within(name: str, allowed: Collection[str]) -> Question:
    """Pass a row that has no other words than these."""

    def ask(row: Row) -> bool | None:
        found = words(row, name)
        return None if found is None else found <= set(allowed)

    return ask


def on_the_host(question: Question) -> Question:
    """Pass a row with users of its own: what it may do holds for what is theirs only."""

    def ask(row: Row) -> bool | None:
        return True if row.get("user_namespace") == "own" else question(row)

    return ask


def at_least(name: str, least: float) -> Question:
    """Pass a row whose number is not less."""

    def ask(row: Row) -> bool | None:
        found = number(row, name)
        return None if math.isnan(found) else found >= least

    return ask


def unprivileged(row: Row) -> bool | None:
    """Pass who lacks some capability for good, or sees none of the devices a host has."""
    bounding, seen = row.get("bounding_capabilities"), words(row, "devices")
    if not isinstance(bounding, str):
        return None
    if bounding != "all":
        return True
    return None if seen is None else not seen & (RAW_DEVICES | {"kmsg"})


def private_memory(row: Row) -> bool | None:
    """Pass who shares System V's memory and /dev/shm with nobody on the host."""
    shared, paths = row.get("ipc_namespace"), words(row, "host_paths")
    if shared == "host" or (paths is not None and SHARED_MEMORY in paths):
        return False
    return True if shared == "own" and paths is not None else None


def only_its_gpus(row: Row) -> bool | None:
    """Fail who sees all GPUs of a node with several and uses some; using none tells nothing."""
    visible, used, there = (number(row, n) for n in ("visible_gpus", "used_gpus", "node_gpus"))
    if visible < there or there <= 1:
        return True
    if math.isnan(visible + used + there) or used < 1:
        return None
    return used >= visible


def confined(row: Row) -> bool | None:
    """Pass who has a profile or a context of its own; a node without a module is not blamed."""
    label = row.get("security_label")
    if not isinstance(label, str):
        return None
    return not any(mark in label for mark in _UNCONFINED)


def patched_toolkit(row: Row) -> bool | None:
    """Pass a node without known escapes in its NVIDIA Container Toolkit, or without one."""
    found = escapes(row.get("toolkit_version"))
    return None if found is None else not found


def words(row: Row, name: str) -> set[str] | None:
    """Return a label's words; None if it is unread."""
    value = row.get(name)
    return set(value.split()) if isinstance(value, str) else None


def number(row: Row, name: str) -> float:
    """Return a column's number; NaN if it is unread."""
    value = row.get(name)
    return value if isinstance(value, float) else math.nan
