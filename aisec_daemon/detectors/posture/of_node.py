"""Checks of the node itself."""

from __future__ import annotations

from aisec_daemon.detectors.posture.check import BASELINE, NODE, RESTRICTED, Check
from aisec_daemon.detectors.posture.questions import (
    at_least,
    patched_toolkit,
    word,
)
from aisec_daemon.model import Severity

_INFO, _WARNING = Severity.INFO, Severity.WARNING
_NODE = (NODE,)

OF_NODE: tuple[Check, ...] = (
    Check(
        "toolkit_version",
        "the NVIDIA Container Toolkit has no known escapes",
        "has NVIDIA Container Toolkit {toolkit_version}, with known ways out of containers",
        patched_toolkit,
        *(_NODE, BASELINE, 1.0, _WARNING),
        docker="apt install --only-upgrade nvidia-container-toolkit, then restart docker",
        kubernetes="a newer GPU Operator, or toolkit.version in its values",
        systemd="apt install --only-upgrade nvidia-container-toolkit",
    ),
    Check(
        "mps_pipe",
        "MPS takes orders from its owner only",
        "lets any user give orders to CUDA MPS",
        word("mps_pipe", ("", "private"), ("others",)),
        *(_NODE, RESTRICTED, 0.5, _INFO),
        docker="a CUDA_MPS_PIPE_DIRECTORY for each user, mode 0700",
        kubernetes="MPS by the device plugin, which keeps a pipe for itself",
        systemd="Environment=CUDA_MPS_PIPE_DIRECTORY=/run/mps and RuntimeDirectoryMode=0700",
    ),
    Check(
        "accounting",
        "all GPUs keep account of processes",
        "keeps no account of processes on its GPUs ({accounting_mode_ratio} of them do)",
        at_least("accounting_mode_ratio", 1.0),
        *(_NODE, RESTRICTED, 0.1, _INFO),
        systemd="ExecStartPost=nvidia-smi --accounting-mode=1 in nvidia-persistenced.service",
    ),
    Check(
        "persistence",
        "all GPUs keep their settings while idle",
        "lets its GPUs forget their settings while idle ({persistence_mode_ratio} of them do not)",
        at_least("persistence_mode_ratio", 1.0),
        *(_NODE, RESTRICTED, 0.1, _INFO),
        systemd="systemctl enable --now nvidia-persistenced",
    ),
)
