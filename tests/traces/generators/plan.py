"""Plans: all that a miner may choose, before it is put on a stage."""

from __future__ import annotations

from dataclasses import dataclass

from tests.traces.generators import shapes
from tests.traces.generators.actor import Program
from tests.traces.generators.algorithms import Algorithm
from tests.traces.generators.places import intruder
from tests.traces.generators.shapes import Floats
from tests.traces.generators.stage import Stage

LISTED = ("lolMiner", "t-rex", "nbminer", "bzminer", "SRBMiner-MULTI", "xmrig", "alpha-miner")
"""Names that lists know."""

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

    @property
    def hides(self) -> bool:
        """Whether it bears no name that lists know."""
        return self.words["name"] not in {name[:15] for name in LISTED}


def plain(stage: Stage, algorithm: Algorithm) -> Plan:
    """Return the plan of somebody who hides nothing: a known name, a pool in its arguments."""
    name = stage.pick(*LISTED)
    folder = _folder(stage)
    words = {
        **intruder(stage),
        "name": name[:15],
        "executable": f"{folder}/{name}",
        "command": f"./{name} --algo {algorithm.name} --pool stratum+tcp://pool.example:3333",
        "command_hash": f"{stage.rng.integers(1 << 48):012x}",
    }
    age = stage.log_draw(60, 60 * 86400)
    writable = "others" if stage.chance(0.15) else ""
    program = Program(_runtime(stage, algorithm), writable, executable_age_seconds=age)
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
    return {**plan.words, **hidden}


def _folder(stage: Stage) -> str:
    """Return where its file lies: where honest software does, too, temporary and hidden places."""
    shares = {
        "/home/anna/m": 0.30,
        "/srv/worker": 0.15,
        "/opt/worker": 0.15,
        "/usr/local/lib/x": 0.10,
        "/tmp/w": 0.15,
        "/home/anna/.sys": 0.15,
    }
    at = stage.rng.choice(len(shares), p=list(shares.values()))
    return f"{list(shares)[at]}{stage.gpus[0]}"


def _runtime(stage: Stage, algorithm: Algorithm) -> str:
    if algorithm.name == "pearl":
        return stage.pick("cuda", "cuda nvml", "cublas cuda")
    # most read clocks and temperatures through NVML [doc]
    return stage.pick("cuda nvml", "cuda nvml", "cuda nvml", "cuda", "cuda nvml opencl")
