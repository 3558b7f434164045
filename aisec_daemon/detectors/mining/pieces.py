"""The evidence: what each piece weighs, and where the weight comes from.

A weight is the natural logarithm of how much more often a piece is seen with mining than with
honest work. `reasoned` weights are judgement; `make bench-detection` counts the same on labelled
traces and prints both, so that they can be held against each other.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

FAMILIES = ("behaviour", "identity", "network", "concealment", "lists")
CAPS = np.array([5.0, 4.0, 4.0, 7.0, 5.0])
"""No family adds more than this, however many of its pieces speak."""

UNEXPLAINED_CAP = 3.5
"""Of behaviour, where neither pipes nor a locked clock nor a look at the program bear it out."""

LINE = 3.6
"""What all families add up to at score 1: mining is e^3.6, about 37 times, more likely."""

SPEAKS = np.array([2.6, 3.2, 2.4, 2.6, 2.6])
"""From here on a family counts for the severity; identity with more than a bare program at home."""

HONEST_CAP = 4.0
DECISIVE = frozenset({"kernel_thread", "memory_executable"})


@dataclass(frozen=True)
class Piece:
    """One piece of evidence; of those in one group only the strongest counts."""

    name: str
    family: str  # one of FAMILIES, or honest
    group: str
    weight: float
    says: str  # for the finding's sentence; {braces} are its values
    origin: str


def _behaviour(name: str, group: str, weight: float, says: str, origin: str) -> Piece:
    return Piece(name, "behaviour", group, weight, says, origin)


def _identity(name: str, group: str, weight: float, says: str, origin: str) -> Piece:
    return Piece(name, "identity", group, weight, says, origin)


def _concealment(name: str, weight: float, says: str, origin: str) -> Piece:
    return Piece(name, "concealment", name, weight, says, origin)


def _honest(name: str, weight: float, says: str, origin: str) -> Piece:
    return Piece(name, "honest", name, weight, says, origin)


PIECES = (
    _behaviour(
        "hash_pipes",
        "pipes",
        3.5,
        "integer work ({integer:.0%} of the time) without tensor or floating point",
        "recorded: hash stand-ins on an H200 show exactly 0 tensor and 0 floating point, nine "
        "honest programs at least 6 % of their busy time; joins and provers look alike",
    ),
    _behaviour(
        "integer_tensor",
        "pipes",
        3.0,
        "integer tensor work ({integer_tensor:.0%}) without half precision or floating point",
        "recorded: int8 stand-in on an H200; proof of work by matrix products, arXiv 2606.04819",
    ),
    _behaviour(
        "integer_excess",
        "pipes",
        1.5,
        "{excess:.0f} times more integer than floating-point and tensor work",
        "recorded: 15 beside a training job, at most 10 (a stencil) for honest work",
    ),
    _behaviour(
        "table_size",
        "memory",
        1.5,
        "{memory_gib:.1f} GiB held, what {coin} needs today",
        "reasoned: about 9 % of footprints from 0.5 to 80 GiB fit one of the tables by chance",
    ),
    _behaviour(
        "memory_constant",
        "memory",
        0.3,
        "memory constant at {memory_gib:.1f} GiB",
        "counted: 46.7 % of honest one-minute windows are as constant, with steady power",
    ),
    _behaviour(
        "memory_clock_low",
        "controller",
        3.0,
        "memory clock held at {memory_clock:.0%} of its maximum under full load",
        "miners' own documents lock it for core-bound coins; no honest program is known to",
    ),
    _behaviour(
        "memory_hard",
        "controller",
        1.0,
        "memory controller {controller:.0%} busy",
        "reasoned: 90 to 100 % with a table of random reads; token generation 70 to 81 %",
    ),
    _behaviour(
        "core_bound",
        "controller",
        0.7,
        "full load that hardly touches memory ({controller:.0%})",
        "counted: 4.1 % of 3,941 job records of a computing centre; rendering looks alike",
    ),
    _behaviour(
        "light_bus",
        "bus",
        1.0,
        "next to no PCIe traffic ({bus_mb:.1f} MB/s)",
        "counted: 36.4 % of honest windows that are steady, too, stay below 100 MB/s",
    ),
    _behaviour(
        "silent_links",
        "bus",
        1.2,
        "no PCIe or NVLink traffic between {fellows:.0f} busy GPUs of one process",
        "reasoned: training over several GPUs exchanges gradients, hashing exchanges nothing",
    ),
    _behaviour(
        "steady",
        "rhythm",
        0.5,
        "an even load",
        "counted: 61.7 % of honest windows are steady; alone no evidence",
    ),
    _behaviour(
        "unrhythmic",
        "rhythm",
        0.6,
        "an even load without steps or checkpoints",
        "reasoned: a rhythm proves iteration, its absence proves nothing",
    ),
    _behaviour(
        "duty_cycle",
        "rhythm",
        0.8,
        "work switched on and off ({busy:.0%} of the time) while its memory is held",
        "reasoned: intensity options of miners; notebooks do so, too",
    ),
    _behaviour(
        "apart",
        "peers",
        0.7,
        "{fellows:.0f} GPUs of one process that do not move together",
        "reasoned: data-parallel jobs pause together",
    ),
    _behaviour(
        "host_quiet",
        "host",
        1.5,
        "its process uses {cpu_cores:.2f} cores and reads and writes next to nothing",
        "reasoned: a served or trained model keeps a core busy",
    ),
    _behaviour(
        "idle_framework",
        "host",
        3.0,
        "it maps a framework for training, but sleeps ({cpu_cores:.2f} cores) while its GPU works",
        "recorded: five programs of a framework use 1.0 to 2.0 cores while their GPU works, since "
        "their own thread starts every kernel; it gives back what the mapped framework takes off",
    ),
    _behaviour(
        "ledger",
        "ledger",
        1.5,
        "{watt_hours:.0f} Wh in a day outside any job",
        "reasoned: what a throttled miner cannot hide is the sum",
    ),
    _identity(
        "bare_compute",
        "libraries",
        2.0,
        "no machine-learning, scientific or media library mapped",
        "reasoned: frameworks map dozens; own CUDA programs do without",
    ),
    _identity(
        "bare_products",
        "libraries",
        1.2,
        "a library of matrix products mapped, and no framework that would want them",
        "proof of work by matrix products does so, arXiv 2606.04819; own linear algebra, too",
    ),
    _identity(
        "place_temporary",
        "place",
        2.0,
        "its program lies in a temporary folder",
        "Falco and Elastic rules on execution from such folders; test builds do so, too",
    ),
    _identity(
        "place_hidden",
        "place",
        2.0,
        "its program lies in a hidden folder",
        "reasoned, from public incident reports",
    ),
    _identity(
        "writable", "place", 1.0, "its program can be replaced by any user", "reasoned: weak alone"
    ),
    _identity("place_home", "place", 0.3, "its program lies in a home", "reasoned: weak"),
    _identity(
        "unscheduled",
        "work",
        0.5,
        "outside any job or pod on a node that has a scheduler",
        "reasoned: where all others came through the scheduler",
    ),
    _identity(
        "new_user", "user", 0.7, "its user never used a GPU here before", "reasoned: weak alone"
    ),
    _identity(
        "young_executable", "age", 0.2, "its program file is less than a day old", "reasoned: weak"
    ),
    Piece(
        "flow_old",
        "network",
        "flow",
        2.4,
        "one connection of {flow_rate:.0f} B/s to {peer} for {flow_minutes:.0f} minutes",
        "shape of stratum: jobs pushed now and then, shares sent back; telemetry only sends",
    ),
    Piece(
        "flow_young",
        "network",
        "flow",
        1.8,
        "one connection of {flow_rate:.0f} B/s to {peer}",
        "the same, not yet ten minutes old; telemetry looks alike",
    ),
    Piece(
        "flow_upload",
        "network",
        "flow",
        1.0,
        "one connection that mostly sends ({flow_rate:.0f} B/s) to {peer}",
        "shares of about 368 kB, by a pool's own pages",
    ),
    Piece(
        "flow_unsized",
        "network",
        "flow",
        1.0,
        "one connection to {peer}, of unknown traffic",
        "reasoned: another network namespace shows no byte counts",
    ),
    Piece(
        "api_listener",
        "network",
        "listener",
        1.5,
        "it listens on a port on which miners tell of themselves",
        "ports in miners' own documents; any program may use them",
    ),
    _concealment(
        "kernel_thread",
        6.0,
        "it calls itself a kernel thread but runs a program",
        "decisive: a kernel thread has no executable (proc(5))",
    ),
    _concealment(
        "memory_executable",
        6.0,
        "its program exists in memory only",
        "decisive with a GPU: Falco's rule on memfd execution",
    ),
    _concealment(
        "deleted_executable",
        2.7,
        "its program file was deleted",
        "strong: package upgrades delete files, too",
    ),
    _concealment(
        "interpreter",
        2.0,
        "it calls itself an interpreter and is none",
        "reasoned, from public incident reports",
    ),
    _concealment(
        "preload",
        1.0,
        "{preload} is preloaded into it",
        "reasoned: hooks of rootkits; frameworks' own tuning guides preload allocators, too",
    ),
    _concealment("name", 0.7, "its name is unlike its program's", "reasoned: wrappers do so, too"),
    _concealment(
        "replaced",
        2.0,
        "nothing of its program file is mapped: something else was loaded in its place",
        "reasoned: loaders that need no file (DDexec, userland exec); packed tools, too",
    ),
    _concealment(
        "defunct",
        2.0,
        "its main thread has ended, so that it looks like a zombie, and others go on",
        "reasoned: pthread_exit(3) allows it; programs that work on a GPU seldom do it",
    ),
    _concealment(
        "unresolved",
        2.7,
        "/proc does not show the process that the driver lists",
        "reasoned: a hidden process; another pid namespace is told apart first",
    ),
    _concealment(
        "no_process",
        3.0,
        "no process is listed on a GPU that works",
        "reasoned: work without a worker",
    ),
    Piece(
        "listed",
        "lists",
        "listed",
        5.0,
        "marks of a known miner ({indicator})",
        "lists with their sources, in the package's data file; renaming defeats them",
    ),
    _honest(
        "framework",
        1.5,
        "machine-learning, scientific or media libraries are mapped",
        "reasoned: one line of code maps one, so it never vetoes; void where pipes say otherwise",
    ),
    _honest(
        "floating",
        2.0,
        "tensor or floating-point work",
        "recorded: every honest program on an H200; void on a shared GPU",
    ),
    _honest("bus_traffic", 2.0, "PCIe traffic", "recorded: 20 to 1,500 MB/s in training"),
    _honest("link_traffic", 2.0, "NVLink traffic", "reasoned: gradients or activations"),
    _honest("clients", 2.0, "it serves several clients", "reasoned: a miner serves nobody"),
    _honest(
        "no_outward",
        2.5,
        "it connects to nobody",
        "reasoned: a miner calls its pool, no pool calls a miner; maybe through another process",
    ),
    _honest("scheduled", 0.5, "part of a job or pod", "reasoned: jobs mine, too"),
    _honest("large_memory", 1.5, "more memory than any coin needs", "the tables' sizes"),
    _honest("memory_moves", 0.7, "memory that grows and shrinks", "reasoned"),
    _honest("media", 2.0, "video engines at work", "miners use none"),
    _honest("rhythm", 0.7, "power with a rhythm", "reasoned: steps, validation, checkpoints"),
    _honest("together", 0.4, "GPUs that move together", "reasoned: data-parallel steps"),
    _honest("fed", 1.0, "megabytes read or written each second", "reasoned: data and checkpoints"),
)

NAMES = tuple(piece.name for piece in PIECES)
WEIGHTS = np.array([piece.weight for piece in PIECES])
GROUPS = tuple(dict.fromkeys((p.family, p.group) for p in PIECES if p.family != "honest"))
