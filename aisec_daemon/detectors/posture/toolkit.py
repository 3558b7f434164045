"""Ways out of a container that versions of the NVIDIA Container Toolkit are known to leave."""

from __future__ import annotations

import re

FIXED = (
    ("CVE-2024-0132", (1, 16, 2), "nvidia.custhelp.com/app/answers/detail/a_id/5582"),
    ("CVE-2025-23359", (1, 17, 4), "nvidia.custhelp.com/app/answers/detail/a_id/5616"),
    ("CVE-2025-23266", (1, 17, 8), "www.cve.org/CVERecord?id=CVE-2025-23266"),
)
"""The flaw, the first version without it, and who says so."""

_VERSION = re.compile(r"(\d{1,6})\.(\d{1,6})(?:\.(\d{1,6}))?(~rc.*)?")


def escapes(version: str | float | None) -> tuple[str, ...] | None:
    """Return the flaws of a version, none of an empty one (not installed); None if it is unknown.

    >>> escapes("1.17.7")
    ('CVE-2025-23266',)
    """
    if not isinstance(version, str):
        return None
    if not version:
        return ()
    found = _VERSION.match(version)
    if found is None:
        return None
    numbers = tuple(int(part or 0) for part in found.groups()[:3])
    candidate = bool(found[4])  # comes before the version itself
    return tuple(
        flaw for flaw, fixed, _ in FIXED if numbers < fixed or (candidate and numbers == fixed)
    )
