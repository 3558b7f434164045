"""Checks of what separates a container from the host: the policy `baseline`."""

from __future__ import annotations

from aisec_daemon.detectors.posture.check import BASELINE, CONTAINER, Check
from aisec_daemon.detectors.posture.questions import (
    RAW_DEVICES,
    SHARED_MEMORY,
    USUAL_CAPABILITIES,
    none_of,
    on_the_host,
    only_its_gpus,
    own,
    private_memory,
    unprivileged,
    within,
)
from aisec_daemon.model import Severity

_INFO, _WARNING = Severity.INFO, Severity.WARNING
_CONTAINER = (CONTAINER,)

ISOLATION: tuple[Check, ...] = (
    Check(
        "privileged",
        "it is not privileged",
        "is privileged: all capabilities and devices of the host ({devices})",
        on_the_host(unprivileged),
        *(_CONTAINER, BASELINE, 2.0, _WARNING),
        ids=("CIS Docker 5.5", "PSS baseline privileged", "C-0057", "KSV-0017"),
        docker="leave --privileged out; --gpus '\"device=0\"' suffices for CUDA",
        kubernetes="securityContext.privileged: false; request nvidia.com/gpu instead",
    ),
    Check(
        "runtime_socket",
        "it cannot reach a container runtime's socket",
        "can reach the socket of {runtime_sockets}, which is root on the host",
        none_of("runtime_sockets"),
        *(_CONTAINER, BASELINE, 2.0, _WARNING),
        ids=("CIS Docker 5.32", "PSS baseline hostPathVolumes", "C-0074", "KSV-0006"),
        docker="leave -v /var/run/docker.sock out; build images rootless elsewhere",
        kubernetes="remove the hostPath volume of the socket",
    ),
    Check(
        "host_path",
        "no sensitive folder of the host is mounted",
        "has mounted of the host: {host_paths}",
        none_of("host_paths", but=SHARED_MEMORY),
        *(_CONTAINER, BASELINE, 1.0, _WARNING),
        ids=("CIS Docker 5.6", "PSS baseline hostPathVolumes", "C-0048", "C-0045"),
        docker="mount the folder with the data only: -v /data/set:/data:ro",
        kubernetes="a PersistentVolumeClaim in place of hostPath",
    ),
    Check(
        "host_device",
        "it sees no raw device of the host",
        "sees raw devices of the host: {devices}",
        none_of("devices", RAW_DEVICES),
        *(_CONTAINER, BASELINE, 1.0, _WARNING),
        ids=("CIS Docker 5.18",),
        docker="leave --device out, or name the one that is needed",
        kubernetes="a device plugin in place of privileged",
    ),
    Check(
        "dangerous_capabilities",
        "it has no capability beyond the usual on the host",
        "has capabilities beyond the usual: {capabilities}",
        on_the_host(within("capabilities", USUAL_CAPABILITIES)),
        *(_CONTAINER, BASELINE, 1.0, _WARNING),
        ids=("CIS Docker 5.4", "PSS baseline capabilities_baseline", "C-0046"),
        docker="leave --cap-add out; IPC_LOCK suffices for RDMA",
        kubernetes="remove securityContext.capabilities.add",
    ),
    Check(
        "host_pid",
        "it sees its own processes only",
        "sees all processes of the host",
        own("pid"),
        *(_CONTAINER, BASELINE, 1.0, _WARNING),
        ids=("CIS Docker 5.16", "PSS baseline hostNamespaces", "C-0038", "KSV-0010"),
        docker="leave --pid host out",
        kubernetes="hostPID: false",
    ),
    Check(
        "host_network",
        "it has a network of its own",
        "is in the host's network",
        own("net"),
        *(_CONTAINER, BASELINE, 0.4, _INFO),
        ids=("CIS Docker 5.10", "PSS baseline hostNamespaces", "C-0041", "KSV-0009"),
        docker="leave --network host out; macvlan or SR-IOV for RDMA",
        kubernetes="hostNetwork: false; a second network by Multus for RDMA",
    ),
    Check(
        "shared_memory",
        "it shares no memory with the host",
        "shares memory (IPC, /dev/shm) with the host",
        private_memory,
        *(_CONTAINER, BASELINE, 0.3, _INFO),
        ids=("CIS Docker 5.17", "PSS baseline hostNamespaces", "C-0038", "KSV-0008"),
        docker="--shm-size 16g in place of --ipc host",
        kubernetes="hostIPC: false; an emptyDir with medium: Memory at /dev/shm",
    ),
    Check(
        "all_gpus",
        "it does not see all GPUs and use fewer",
        "sees all {visible_gpus} GPUs of the node and uses {used_gpus}",
        only_its_gpus,
        *(_CONTAINER, BASELINE, 0.25, _INFO),
        docker="--gpus '\"device=0,1\"' in place of --gpus all",
        kubernetes="limits nvidia.com/gpu; do not set NVIDIA_VISIBLE_DEVICES=all",
    ),
)
