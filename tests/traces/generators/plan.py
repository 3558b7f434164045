"""Plans: all that a miner may choose, before it is put on a stage."""

from __future__ import annotations

from dataclasses import dataclass

from tests.traces.generators import shapes
from tests.traces.generators.actor import Program
from tests.traces.generators.algorithms import Algorithm
from tests.traces.generators.places import intruder
from tests.traces.generators.shapes import Floats
from tests.traces.generators.stage import Stage

LISTED = {
    "lolMiner": "lolminer",
    "t-rex": "t-rex",
    "nbminer": "nbminer",
    "bzminer": "bzminer",
    "SRBMiner-MULTI": "srbminer-multi",
    "xmrig": "xmrig",
    "alpha-miner": "alpha-miner",
}
"""Names that lists know, and how a list calls them."""

INNOCENT = (
    "sysmon",
    "data-sync",
    "agentd",
    "cudasrv",
    "updater",
    "backup-gpu",
    "svc",
    "main",
    "app",
)
_PORTS = (3333, 4444, 5555, 1010, 2020, 4040, 8888, 14444)


@dataclass(frozen=True, eq=False)
class Plan:
    """How a miner is run. `shape` scales its load over time, on tenths of seconds.

    `runs` are the stretches in which a process of it lives, `first` when it begins to mine.
    """

    algorithm: Algorithm
    words: dict[str, str]
    program: Program
    shape: Floats
    runs: tuple[tuple[float, float], ...]
    first: float
    port: int = 3333
    scope: str = "public"
    seen: str = "all"
    power_limit_share: float = 1.0
    hiding: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()


def plain(stage: Stage, algorithm: Algorithm) -> Plan:
    """Return the plan of somebody who hides nothing: a known name, a pool in its arguments."""
    name = stage.pick(*LISTED)
    folder, place = _folder(stage)
    words = {
        **intruder(stage),
        "name": name[:15],
        "executable": f"{folder}/{name}",
        "command": f"./{name} --algo {algorithm.name} --pool stratum+tcp://pool.example:3333",
        "command_hash": f"{stage.rng.integers(1 << 48):012x}",
        "indicators": f"name/{LISTED[name]} argument/stratum-scheme",
    }
    age = stage.log_draw(60, 60 * 86400)
    program = Program(_runtime(stage, algorithm), place, executable_age_seconds=age)
    port = int(stage.rng.choice(_PORTS))
    runs = ((stage.begin, stage.end),)
    return Plan(
        algorithm, words, program, shapes.between(stage.at, 0, 1e9), runs, stage.begin, port
    )


def unlisted(stage: Stage, plan: Plan) -> dict[str, str]:
    """Return a miner's words with a name and arguments that no list has."""
    name = stage.pick(*INNOCENT)
    folder = plan.words["executable"].rpartition("/")[0]
    hidden = {"name": name, "executable": f"{folder}/{name}", "command": f"./{name}"}
    return {**plan.words, **hidden, "indicators": ""}


def _folder(stage: Stage) -> tuple[str, str]:
    """Return where its file lies, and what table `program` calls that place."""
    options = [
        ("/home/anna/m", "home", 0.35),
        ("/opt/worker", "other", 0.2),
        ("/usr/local/bin", "system", 0.15),
        ("/tmp/w", "temporary", 0.15),
        ("/var/tmp/.cache", "hidden", 0.15),
    ]
    folder, place, _ = options[stage.rng.choice(len(options), p=[o[2] for o in options])]
    return folder, place


def _runtime(stage: Stage, algorithm: Algorithm) -> str:
    if algorithm.name == "pearl":
        return stage.pick("cuda", "cuda", "cublas cuda")
    return "opencl" if stage.chance(0.15) else "cuda"
