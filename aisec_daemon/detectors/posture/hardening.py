"""Checks of what limits a workload further: the policy `restricted`, and a site's own."""

from __future__ import annotations

from aisec_daemon.detectors.posture.check import CONTAINER, PROCESS, RESTRICTED, SERVICE, Check
from aisec_daemon.detectors.posture.questions import (
    confined,
    own,
    within,
    word,
    yes,
)
from aisec_daemon.model import Severity

_INFO = Severity.INFO
_CONTAINER = (CONTAINER,)
_HARDENED = (CONTAINER, SERVICE)
_ANY = (CONTAINER, SERVICE, PROCESS)

HARDENING: tuple[Check, ...] = (
    Check(
        "unprivileged_user",
        "it is not root of the host",
        "runs as root of the host",
        word("root", ("", "namespace"), ("host",)),
        *(_ANY, RESTRICTED, 0.5, _INFO),
        ids=("PSS restricted runAsNonRoot", "C-0013", "KSV-0012"),
        docker="--user 1000:1000, or userns-remap",
        kubernetes="securityContext.runAsNonRoot: true, runAsUser: 1000; or hostUsers: false",
        systemd="User= or DynamicUser=yes",
    ),
    Check(
        "no_new_privileges",
        "no program can give it more privileges",
        "may gain privileges by setuid programs",
        yes("no_new_privileges"),
        *(_HARDENED, RESTRICTED, 0.5, _INFO),
        ids=("CIS Docker 5.26", "PSS restricted allowPrivilegeEscalation", "C-0016", "KSV-0001"),
        docker="--security-opt no-new-privileges",
        kubernetes="securityContext.allowPrivilegeEscalation: false",
        systemd="NoNewPrivileges=yes",
    ),
    Check(
        "capabilities_dropped",
        "it could never get a capability but net_bind_service",
        "could use capabilities that it need not have: {bounding_capabilities}",
        within("bounding_capabilities", ("net_bind_service",)),
        *(_HARDENED, RESTRICTED, 0.5, _INFO),
        ids=("CIS Docker 5.4", "PSS restricted capabilities_restricted", "C-0046", "KSV-0003"),
        docker="--cap-drop ALL",
        kubernetes="securityContext.capabilities.drop: [ALL]",
        systemd="CapabilityBoundingSet=",
    ),
    Check(
        "seccomp",
        "its system calls are filtered",
        "may make any system call (seccomp is off)",
        word("seccomp", ("filter", "strict"), ("off",)),
        *(_HARDENED, RESTRICTED, 0.5, _INFO),
        ids=("CIS Docker 5.22", "PSS restricted seccompProfile_restricted", "C-0055"),
        docker="leave --security-opt seccomp=unconfined out",
        kubernetes="securityContext.seccompProfile.type: RuntimeDefault",
        systemd="SystemCallFilter=@system-service",
    ),
    Check(
        "confined",
        "AppArmor or SELinux confines it, or the node has neither",
        "is not confined by AppArmor or SELinux ({security_label})",
        confined,
        *(_CONTAINER, RESTRICTED, 0.5, _INFO),
        ids=("CIS Docker 5.2", "PSS baseline appArmorProfile", "PSS baseline seLinuxOptions"),
        docker="leave --security-opt apparmor=unconfined and label=disable out",
        kubernetes="securityContext.appArmorProfile.type: RuntimeDefault",
    ),
    Check(
        "host_uts",
        "it has a host name of its own",
        "shares the host's name (UTS namespace)",
        own("uts"),
        *(_CONTAINER, RESTRICTED, 0.1, _INFO),
        ids=("CIS Docker 5.21",),
        docker="leave --uts host out",
        kubernetes="hostNetwork: false (its pods have the host's name)",
    ),
    Check(
        "user_namespace",
        "it has a user namespace of its own",
        "shares the host's users",
        own("user"),
        *(_CONTAINER, "", 0.1, _INFO),
        ids=("CIS Docker 5.31",),
        docker="userns-remap in daemon.json; leave --userns host out",
        kubernetes="hostUsers: false",
    ),
    Check(
        "read_only_root",
        "its root file system cannot be written",
        "may write its root file system",
        yes("read_only_root"),
        *(_HARDENED, "", 0.25, _INFO),
        ids=("CIS Docker 5.13", "C-0017", "KSV-0014"),
        docker="--read-only --tmpfs /tmp",
        kubernetes="securityContext.readOnlyRootFilesystem: true",
        systemd="ProtectSystem=strict",
    ),
    Check(
        "memory_limit",
        "its memory is limited",
        "may use all memory of the host",
        yes("memory_limited"),
        *(_HARDENED, "", 0.25, _INFO),
        ids=("CIS Docker 5.11", "C-0271", "KSV-0018"),
        docker="--memory 64g",
        kubernetes="resources.limits.memory",
        systemd="MemoryMax=64G",
    ),
    Check(
        "cpu_limit",
        "its processor time is limited",
        "may use all processors of the host",
        yes("cpu_limited"),
        *(_HARDENED, "", 0.1, _INFO),
        ids=("CIS Docker 5.12", "C-0270", "KSV-0011"),
        docker="--cpus 8",
        kubernetes="resources.limits.cpu",
        systemd="CPUQuota=800%",
    ),
    Check(
        "pids_limit",
        "the number of its processes is limited",
        "may start processes without end",
        yes("pids_limited"),
        *(_HARDENED, "", 0.1, _INFO),
        ids=("CIS Docker 5.29",),
        docker="--pids-limit 4096",
        kubernetes="podPidsLimit of the kubelet",
        systemd="TasksMax=4096",
    ),
)
