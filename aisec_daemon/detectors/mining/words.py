"""What a person is told: the verdict in a sentence, with the pieces that spoke."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from aisec_daemon.detectors.mining.fuse import Weighed
from aisec_daemon.detectors.mining.pieces import FAMILIES, NAMES, PIECES, WEIGHTS
from aisec_daemon.detectors.mining.rows import Rows
from aisec_daemon.model import Verdict
from aisec_daemon.numerics.window import filled

_GIB, _MB = 2.0**30, 1e6
_STRONGEST = 3
_INTEGERS = "hash cracking, zero-knowledge proving, genomics and joins of tables"
_ALIKE = (
    ("listed", "programs of the same name"),
    ("integer_tensor", "servers of models in 8-bit integers"),
    ("hash_pipes", _INTEGERS),
    ("integer_excess", _INTEGERS),
    ("duty_cycle", "federated or data-starved training, zero-knowledge proving and notebooks"),
    ("memory_hard", "stencils, hash cracking and token generation"),
    ("framework", "federated training, molecular dynamics, rendering and volunteer computing"),
    ("floating", "molecular dynamics, stencils and rendering"),
    ("", "hash cracking, rendering, molecular dynamics, stencils and burn-in tests"),
)
"""What looks like mining where a piece speaks, the first that does; hash cracking is abuse, too."""


def verdict(rows: Rows, weighed: Weighed) -> Verdict:
    """Return the verdict; only rows past the line are described."""
    past = set(np.flatnonzero(weighed.score >= 1).tolist())
    described = [
        _describe(rows, weighed, row) if row in past else ("", "", "", "")
        for row in range(len(rows))
    ]
    reasons, pieces, algorithms, had = zip(*described, strict=True) if described else ((),) * 4
    families = {name: tuple(weighed.families[:, at].tolist()) for at, name in enumerate(FAMILIES)}
    facts: dict[str, tuple[float | str, ...]] = {
        **families,
        "honest": tuple(weighed.honest.tolist()),
        "pieces": pieces,
        "likely_algorithm": algorithms,
        "judged_from": had,
    }
    return Verdict(
        rows.subjects,
        weighed.score,
        facts,
        reasons,
        rows.keys,
        weighed.severities,
        rows.words,
    )


def _describe(rows: Rows, weighed: Weighed, row: int) -> tuple[str, str, str, str]:
    order = np.argsort(-filled(weighed.pieces[row] * WEIGHTS), kind="stable")
    every = [int(p) for p in order if weighed.pieces[row, p] == 1]
    against = [p for p in every if PIECES[p].family == "honest"]
    spoke = _one_a_group([p for p in every if PIECES[p].family != "honest"])
    values = _values(weighed, row)
    said = [PIECES[p].says.format_map(values) for p in spoke]
    names = {NAMES[p] for p in every}
    algorithm = _algorithm(weighed, row)
    had = _had(weighed, row)
    likely = f" ({algorithm})" if algorithm else ""
    who = _who(rows.words[row], weighed.texts["index"][row])
    reason = f"{who} {_does(names)}{likely}: {'; '.join(said[:_STRONGEST])}"
    if against:
        reason += f"; against it: {PIECES[against[0]].says.format_map(values)}"
    pieces = " ".join([*(NAMES[p] for p in spoke), *(f"-{NAMES[p]}" for p in against)])
    return f"{reason}. Judged from {had}; {_alike(names)} look alike", pieces, algorithm, had


def _one_a_group(spoke: list[int]) -> list[int]:
    """Keep the strongest piece of each group: the others tell the same again."""
    first: dict[tuple[str, str], int] = {}
    for piece in spoke:
        first.setdefault((PIECES[piece].family, PIECES[piece].group), piece)
    return list(first.values())


def _who(words: Mapping[str, str], index: str) -> str:
    """Name the process and where it runs."""
    number = f"{index} " if index else ""
    where = f"on GPU {number}({words['uuid']})" if "uuid" in words else "on no GPU"
    if "process" not in words and "pid" not in words:
        return f"Something that no process list shows, {where},"
    who = f"{words.get('name', 'a program')} (pid {words.get('pid', '?')}"
    shown = {"user": "user", "executable": "program", "container": "container", "image": "image"}
    for label, name in shown.items():
        if words.get(label):
            who += f", {name} {words[label]}"
    return f"{who}) {where}"


def _values(weighed: Weighed, row: int) -> dict[str, float | str]:
    numbers = {name: float(column[row]) for name, column in weighed.numbers.items()}
    return {
        **numbers,
        "memory_gib": numbers.get("memory", np.nan) / _GIB,
        "bus_mb": numbers.get("bus", np.nan) / _MB,
        "coin": weighed.texts["coin"][row],
        "peer": weighed.texts["peer"][row],
        "preload": weighed.texts["preload"][row],
        "indicator": weighed.texts["indicator"][row],
    }


def _algorithm(weighed: Weighed, row: int) -> str:
    """Guess what is computed, by the pipes, the table's size and the memory clock."""
    spoke = {name for name, piece in zip(NAMES, weighed.pieces[row], strict=True) if piece == 1}
    if "integer_tensor" in spoke:
        return "matrix products, as PearlHash"
    if "table_size" in spoke:
        return weighed.texts["coin"][row]
    if "memory_clock_low" in spoke or {"core_bound", "hash_pipes"} <= spoke:
        return "a hash without a table, as kHeavyHash or Blake3"
    return ""


def _had(weighed: Weighed, row: int) -> str:
    """Say which sources there were: a verdict from power alone is another than one from pipes."""
    numbers, pieces = weighed.numbers, weighed.pieces[row]
    has = {name: not np.isnan(piece) for name, piece in zip(NAMES, pieces, strict=True)}
    parts = []
    if "power" in numbers and not np.isnan(numbers["power"][row]):
        parts.append("power and load")
    if has["hash_pipes"]:
        parts.append("pipes")
    if has["framework"]:
        parts.append("the program's libraries")
    if has["no_outward"]:
        parts.append("its connections")
    if has["listed"]:
        parts.append("lists")
    return ", ".join(parts) or "nothing but its process"


def _does(names: set[str]) -> str:
    """Say it as it is: what connects to nobody is rather something else."""
    if "no_outward" not in names or "listed" in names:
        return "is likely mining"
    if names & {"hash_pipes", "integer_excess"}:
        return "may be cracking hashes or mining"
    return "may be mining"


def _alike(names: set[str]) -> str:
    return next(alike for name, alike in _ALIKE if not name or name in names)
