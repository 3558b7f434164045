"""Capabilities by their names, see capabilities(7) and include/uapi/linux/capability.h."""

from __future__ import annotations

NAMES = (
    *("chown", "dac_override", "dac_read_search", "fowner", "fsetid", "kill", "setgid", "setuid"),
    *("setpcap", "linux_immutable", "net_bind_service", "net_broadcast", "net_admin", "net_raw"),
    *("ipc_lock", "ipc_owner", "sys_module", "sys_rawio", "sys_chroot", "sys_ptrace", "sys_pacct"),
    *("sys_admin", "sys_boot", "sys_nice", "sys_resource", "sys_time", "sys_tty_config", "mknod"),
    *("lease", "audit_write", "audit_control", "setfcap", "mac_override", "mac_admin", "syslog"),
    *("wake_alarm", "block_suspend", "audit_read", "perfmon", "bpf", "checkpoint_restore"),
)
"""Names in the order of their bits."""

_MOST_BITS = 64


def words(bits: int | None, every: int) -> str | None:
    """Name the capabilities of a set, by spaces: "all" if it has what `every` has, "" for none."""
    if bits is None:
        return None
    if every and bits & every == every:
        return "all"
    return " ".join(
        NAMES[bit] if bit < len(NAMES) else f"cap_{bit}"
        for bit in range(_MOST_BITS)
        if bits >> bit & 1
    )


def every(bounding: int | None, last: int | None) -> int:
    """Return all capabilities there are: what the first process may have, else what is known.

    `last` is /proc/sys/kernel/cap_last_cap.
    """
    if bounding:
        return bounding
    count = len(NAMES) if last is None else min(max(last + 1, 1), _MOST_BITS)
    return (1 << count) - 1
