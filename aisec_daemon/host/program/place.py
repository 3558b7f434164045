"""Where an executable lies, in one word."""

from __future__ import annotations

_SYSTEM = (
    *(b"/usr/", b"/bin/", b"/sbin/", b"/lib/", b"/lib64/", b"/opt/", b"/snap/"),
    *(b"/nix/store/", b"/gnu/store/"),
)
_TEMPORARY = (
    *(b"/tmp/", b"/var/tmp/", b"/dev/", b"/run/user/", b"/run/shm/", b"/run/lock/"),
    *(b"/var/spool/", b"/var/crash/", b"/lost+found/", b"/proc/"),
)
_HOME = (b"/home/", b"/root/")
_HONEST_DOTS = frozenset(
    {
        *(b".venv", b".env", b".virtualenvs", b".local", b".cache", b".conda", b".mamba"),
        *(b".micromamba", b".pixi", b".pyenv", b".uv", b".rye", b".asdf", b".nvm", b".sdkman"),
        *(
            b".cargo",
            b".rustup",
            b".julia",
            b".juliaup",
            b".npm",
            b".nix-profile",
            b".guix-profile",
        ),
        *(b".vscode", b".vscode-server", b".cursor-server", b".steam", b".var", b".tox", b".nox"),
        *(
            b".ollama",
            b".singularity",
            b".apptainer",
            b".spack",
            b".linuxbrew",
            b".poetry",
            b".git",
        ),
        *(b".config", b".gradle", b".jdks", b".bazel", b".ivy2", b".snapshots", b".snapshot"),
    }
)
"""Folders whose names begin with a dot and that tools put programs into by themselves."""


def place(path: bytes, *, gone: bool) -> str:
    """Return system, home, temporary, hidden, memory, deleted or other.

    `path` is the executable's, as /proc tells it without " (deleted)"; `gone`: no file is there.
    """
    if path.startswith(b"/memfd:"):
        return "memory"
    if gone:
        return "deleted"
    if any(map(_hides, path.split(b"/"))):
        return "hidden"
    for word, folders in (("temporary", _TEMPORARY), ("system", _SYSTEM), ("home", _HOME)):
        if path.startswith(folders):
            return word
    return "other"


def _hides(part: bytes) -> bool:
    """Say whether this part of a path is there not to be listed."""
    if not part.startswith(b"."):
        return bool(part) and not part.strip()
    # AppImages mount themselves there; Nix wraps programs so; pod volumes are named by the kubelet.
    known = part.startswith((b".mount_", b"..20")) or part.endswith((b"-wrapped", b"-wrapped_"))
    return not known and part not in _HONEST_DOTS
