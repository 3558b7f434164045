"""The checks of posture: what is asked of a workload, where else it is asked, and what helps.

Numbers of the CIS Docker Benchmark are those of docker-bench-security, names of Pod Security's
checks those of k8s.io/pod-security-admission, C- is Kubescape's library, KSV- Trivy's.
"""

from __future__ import annotations

from aisec_daemon.detectors.posture.check import BASELINE, RESTRICTED, Check
from aisec_daemon.detectors.posture.hardening import HARDENING
from aisec_daemon.detectors.posture.isolation import ISOLATION
from aisec_daemon.detectors.posture.of_node import OF_NODE

CHECKS: tuple[Check, ...] = (*ISOLATION, *HARDENING, *OF_NODE)

BY_NAME = {check.name: check for check in CHECKS}

_ASKED = {"baseline": (BASELINE,), "restricted": (BASELINE, RESTRICTED)}


def policy(name: str, own_checks: tuple[str, ...] = ()) -> tuple[Check, ...]:
    """Return the checks of a policy: baseline, restricted (baseline's too), or own; ValueError."""
    if name == "own":
        unknown = sorted(set(own_checks) - BY_NAME.keys())
        if unknown:
            raise ValueError(f"there is no check {unknown[0]!r}, only {', '.join(BY_NAME)}")
        if not own_checks:
            raise ValueError(f"policy own needs checks: some of {', '.join(BY_NAME)}")
        return tuple(check for check in CHECKS if check.name in own_checks)
    if name not in _ASKED:
        raise ValueError(f"policy must be baseline, restricted or own, not {name!r}")
    return tuple(check for check in CHECKS if check.policy in _ASKED[name])
