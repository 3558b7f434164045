"""The control group that a runtime gave a container, and which groups lie in it."""

from __future__ import annotations

_SLICE, _SCOPE = ".slice", ".scope"
_OUTSIDE = ".."  # how a cgroup namespace shows what lies above its root, cgroup_namespaces(7)


def made_group(told: str) -> str:
    """Return the path of the group that a runtime makes for `linux.cgroupsPath` of a bundle.

    An absolute path is the group itself; "SLICE:PREFIX:NAME" is what runc and crun ask systemd for
    (docs/systemd.md of runc). Empty if it cannot be told: a relative path lies below wherever the
    runtime itself happens to be, and without a slice each runtime has a default of its own.
    """
    if told.startswith("/"):
        parts = told.split("/")[1:]
        return told if all(parts) and not {".", _OUTSIDE} & set(parts) else ""
    parts = told.split(":")
    if len(parts) != 3 or "/" in told:  # noqa: PLR2004 - slice, prefix and name
        return ""
    above, prefix, name = parts
    nested = _nested(above)
    if nested is None or not name or name.endswith(_SLICE):
        return ""
    return f"{nested}/{prefix}-{name}{_SCOPE}" if prefix else f"{nested}/{name}{_SCOPE}"


def lies_in(group: str, made: str) -> bool:
    """Say whether a process's group is the container's, or one that was made below it.

    Seen from a cgroup namespace, `group` begins with as many `..` as lead to what both have in
    common; all that follows must be the end of the container's own path, part by part.
    """
    if not made:
        return False
    if not group.startswith(f"/{_OUTSIDE}/"):
        return group == made or group.startswith(f"{made}/")
    parts, own = group.split("/")[1:], made.split("/")[1:]
    above = next((at for at, part in enumerate(parts) if part != _OUTSIDE), len(parts))
    seen = parts[above:]
    return any(seen[: len(own) - first] == own[first:] for first in range(len(own)))


def _nested(name: str) -> str | None:
    """Return the path of a slice, as systemd.slice(5) nests them; None if it is none."""
    base = name.removesuffix(_SLICE)
    if base == name or not base:
        return None
    if base == "-":
        return ""
    words = base.split("-")
    if not all(words):
        return None
    return "".join(f"/{'-'.join(words[: n + 1])}{_SLICE}" for n in range(len(words)))
