"""Places: where on a node a process runs: a scheduler's job, a container, a login, a service."""

from __future__ import annotations

from tests.traces.generators.stage import USERS, Stage

_HEX = "0123456789abcdef"


def hexes(stage: Stage, length: int) -> str:
    """Return so many hexadecimal digits."""
    return "".join(_HEX[i] for i in stage.rng.integers(0, 16, length))


def user(stage: Stage) -> dict[str, str]:
    """Return the words of a person."""
    at = int(stage.rng.integers(len(USERS)))
    name = f"{USERS[at]}{stage.gpus[0]}"  # nobody has two scenes: cases of users stay apart
    return {"user": name, "uid": str(1001 + 100 * stage.gpus[0] + at), "login_user": name}


def job(stage: Stage) -> dict[str, str]:
    """Return the words of what the node's scheduler has started; a login's if it has none."""
    if stage.node.scheduler == "slurm":
        number = str(stage.rng.integers(100_000, 999_999))
        return {**user(stage), "slurm_job": number, "slurm_step": "0", "unit": "slurmstepd.scope"}
    if stage.node.scheduler == "kubernetes":
        pod = f"{hexes(stage, 8)}-{hexes(stage, 4)}-{hexes(stage, 4)}-{hexes(stage, 12)}"
        qos = stage.pick("guaranteed", "burstable")
        return {**_root(), "pod": pod, "qos": qos, "container": hexes(stage, 64)}
    return container(stage) if stage.chance(0.3) else login(stage)


def container(stage: Stage) -> dict[str, str]:
    """Return the words of a container that somebody has started by hand."""
    number = hexes(stage, 64)
    return {**_root(), "container": number, "unit": f"docker-{number}.scope"}


def login(stage: Stage) -> dict[str, str]:
    """Return the words of a session."""
    person = user(stage)
    return {**person, "unit": f"session-{stage.rng.integers(2, 900)}.scope"}


def service(stage: Stage, name: str) -> dict[str, str]:
    """Return the words of a service of the system."""
    return {"user": name, "uid": str(stage.rng.integers(100, 999)), "unit": f"{name}.service"}


def intruder(stage: Stage) -> dict[str, str]:
    """Return where something runs that nobody has asked for: anywhere that honest work runs too."""
    if stage.node.scheduler != "none" and stage.chance(0.5):
        return job(stage)
    way = stage.pick("login", "service", "container")
    if way == "login":
        return login(stage)
    if way == "container":
        return container(stage)
    return service(stage, stage.pick("www-data", "postgres", "jenkins", "nobody", "root"))


def _root() -> dict[str, str]:
    return {"user": "root", "uid": "0"}
