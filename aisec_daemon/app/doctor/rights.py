"""What the kernel lets this process do."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from aisec_daemon.app.doctor.check import Check, Status

# In the order of linux/capability.h; the number of a capability is its place.
CAPABILITIES = (
    *("CHOWN", "DAC_OVERRIDE", "DAC_READ_SEARCH", "FOWNER", "FSETID", "KILL", "SETGID", "SETUID"),
    *("SETPCAP", "LINUX_IMMUTABLE", "NET_BIND_SERVICE", "NET_BROADCAST", "NET_ADMIN", "NET_RAW"),
    *("IPC_LOCK", "IPC_OWNER", "SYS_MODULE", "SYS_RAWIO", "SYS_CHROOT", "SYS_PTRACE", "SYS_PACCT"),
    *("SYS_ADMIN", "SYS_BOOT", "SYS_NICE", "SYS_RESOURCE", "SYS_TIME", "SYS_TTY_CONFIG", "MKNOD"),
    *("LEASE", "AUDIT_WRITE", "AUDIT_CONTROL", "SETFCAP", "MAC_OVERRIDE", "MAC_ADMIN", "SYSLOG"),
    *("WAKE_ALARM", "BLOCK_SUSPEND", "AUDIT_READ", "PERFMON", "BPF", "CHECKPOINT_RESTORE"),
)
_NEEDED = {
    "SYS_PTRACE": "other users' executables",
    "NET_ADMIN": "programs that live between two readings",
    "DAC_READ_SEARCH": "sockets and open files of programs on GPUs",
}
_EVERY_UID = re.compile(r"\s*0\s+0\s+4294967295\s*")
SERVICE = (
    "run it as the service (sudo make install) or as root; "
    "in a container: docker run --cap-add SYS_PTRACE --cap-add NET_ADMIN --cap-add DAC_READ_SEARCH"
)


@dataclass(frozen=True)
class Rights:
    """Effective capabilities by name, whether they hold beyond a user namespace, no_new_privs."""

    capabilities: frozenset[str]
    first_user_namespace: bool
    no_new_privs: bool


def read_rights(proc: Path = Path("/proc")) -> Rights | OSError:
    """Read this process's rights, see proc(5) and user_namespaces(7)."""
    try:
        status = (proc / "self/status").read_text("utf-8", "replace")
        uids = (proc / "self/uid_map").read_text("utf-8", "replace")
    except OSError as error:
        return error
    return parse_rights(status, uids)


def parse_rights(status: str, uid_map: str) -> Rights:
    """Understand /proc/self/status and /proc/self/uid_map; what is not told is not had."""
    fields = dict(line.partition(":")[::2] for line in status.splitlines())
    mask = int(fields.get("CapEff", "0").strip() or "0", 16)
    names = frozenset(name for at, name in enumerate(CAPABILITIES) if mask >> at & 1)
    first = bool(_EVERY_UID.fullmatch(uid_map))
    return Rights(names, first, fields.get("NoNewPrivs", "").strip() == "1")


def judge_capabilities(rights: Rights | OSError) -> Check:
    """Judge the effective capabilities."""
    name = "capabilities"
    if isinstance(rights, OSError):
        return Check(name, Status.UNKNOWN, f"/proc/self/status cannot be read: {rights.strerror}")
    have = sorted(rights.capabilities)
    found = "all" if len(have) >= len(CAPABILITIES) - 1 else ", ".join(have) or "none"
    lacking = [cap for cap in _NEEDED if cap not in rights.capabilities]
    if lacking:
        lost = " and ".join(_NEEDED[cap] for cap in lacking)
        without = " and ".join(f"CAP_{cap}" for cap in lacking)
        return Check(name, Status.DEGRADED, f"{found}; without {without}", lost, SERVICE)
    if not rights.first_user_namespace:
        lost = "they hold only inside this user namespace: other users' processes stay closed"
        return Check(
            name, Status.DEGRADED, found, lost, "run it outside (rootful) of that namespace"
        )
    return Check(name, Status.OK, found)


def judge_no_new_privs(rights: Rights | OSError) -> Check:
    """Say whether programs that are started may gain rights; either is fine."""
    name = "no_new_privs"
    if isinstance(rights, OSError):
        return Check(name, Status.UNKNOWN, f"/proc/self/status cannot be read: {rights.strerror}")
    if rights.no_new_privs:
        return Check(
            name, Status.OK, "set: nothing it starts gains rights, nvidia-modprobe neither"
        )
    return Check(name, Status.OK, "not set; the service sets it")
