"""Writes docs/posture-checks.md from the declaration of the checks, so that it cannot be wrong."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

from aisec_daemon.detectors.posture.check import Check
from aisec_daemon.detectors.posture.checks import CHECKS
from aisec_daemon.detectors.posture.toolkit import FIXED

_HEAD = """# Checks of posture

Made from the declarations in the code by `make docs`; a test holds it current. What they mean for
an operator is in [`posture`](rules/posture.md).

Each is asked of a row of the table `posture`, which tells what the kernel grants at this moment:
what a file of Docker or Kubernetes declares is not looked at. What could not be read is *unknown*,
never passed. A failure's weight is its share of the line under the policy `baseline`; `restricted`
contains `baseline`; those of policy `own` are asked where a site names them. All that apply to a
workload count for its `hardening_ratio`.

CIS Docker: numbers of the CIS Docker Benchmark as docker-bench-security has them. PSS: checks of
Kubernetes' Pod Security Standards as k8s.io/pod-security-admission calls them. C-: controls of
Kubescape. KSV-: checks of Trivy. There they ask what was declared, here what runs.
"""

_REMEDIES = """## Remedies

"""

_TOOLKIT = """## Known escapes of the NVIDIA Container Toolkit

| flaw | first version without it | told by |
| --- | --- | --- |
"""


def checks_page() -> str:
    """Return docs/posture-checks.md."""
    asked = ["name", "is passed if", "asked of", "policy", "weight", "also known as"]
    helps = ["name", "docker", "Kubernetes", "systemd or host"]
    return "\n".join(
        [
            _HEAD,
            _table(asked, map(_question, CHECKS)),
            _REMEDIES + _table(helps, map(_remedy, CHECKS)),
            _TOOLKIT + _rows(_flaws()),
        ]
    )


def _question(check: Check) -> list[str]:
    return [
        f"`{check.name}`",
        check.title,
        ", ".join(check.kinds),
        check.policy or "own",
        f"{check.weight:g}",
        ", ".join(check.ids),
    ]


def _remedy(check: Check) -> list[str]:
    return [f"`{check.name}`", check.docker, check.kubernetes, check.systemd]


def _flaws() -> Iterable[list[str]]:
    for flaw, fixed, source in FIXED:
        yield [flaw, ".".join(map(str, fixed)), f"<https://{source}>"]


def _table(head: list[str], rows: Iterable[list[str]]) -> str:
    return _rows([head, ["---"] * len(head), *rows])


def _rows(rows: Iterable[list[str]]) -> str:
    return "".join(f"| {' | '.join(cells)} |\n" for cells in rows)


def main() -> None:
    """Write the file named."""
    Path(sys.argv[1]).write_text(checks_page(), encoding="utf-8")


if __name__ == "__main__":
    main()
