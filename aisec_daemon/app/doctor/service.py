"""The systemd service, seen through files: no program is started for it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from aisec_daemon.app.doctor.check import Check, Status

_UNIT = "aisec-daemon.service"
_UNITS = ("etc/systemd/system", "usr/local/lib/systemd/system", "usr/lib/systemd/system")
_GROUPS = ("", "systemd", "unified")


@dataclass(frozen=True)
class Service:
    """Whether systemd runs, and the unit is installed, starts at boot, and has processes."""

    systemd: bool
    installed: bool
    enabled: bool
    running: bool


def read_service(root: Path) -> Service:
    """Look for the unit's file, the link that starts it, and its control group."""
    groups = [root / "sys/fs/cgroup" / part / "system.slice" / _UNIT for part in _GROUPS]
    return Service(
        systemd=(root / "run/systemd/system").is_dir(),
        installed=any((root / folder / _UNIT).exists() for folder in _UNITS),
        enabled=(root / "etc/systemd/system/multi-user.target.wants" / _UNIT).is_symlink(),
        running=any(_has_processes(group) for group in groups),
    )


def _has_processes(group: Path) -> bool:
    try:
        return bool((group / "cgroup.procs").read_bytes().strip())
    except OSError:
        return False


def judge_service(service: Service) -> Check:
    """Judge whether the daemon will be there after the next boot."""
    if not service.installed:
        where = "not installed" if service.systemd else "no systemd here"
        remedy = "sudo make install" if service.systemd else ""
        return Check("service", Status.UNKNOWN, where, remedy=remedy)
    if not service.running:
        found, lost = "installed, does not run", "nobody watches this node"
        remedy = "sudo systemctl restart aisec-daemon; journalctl -u aisec-daemon -n 20"
        return Check("service", Status.DEGRADED, found, lost, remedy)
    if not service.enabled:
        found, lost = "runs, but is not started at boot", "nobody watches this node after a reboot"
        return Check("service", Status.DEGRADED, found, lost, "sudo systemctl enable aisec-daemon")
    return Check("service", Status.OK, "runs, and starts at boot")
