"""Fusion: pieces become families, families a score and a severity."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from aisec_daemon.detectors.mining.pieces import (
    CAPS,
    DECISIVE,
    FAMILIES,
    GROUPS,
    HONEST_CAP,
    LINE,
    NAMES,
    PIECES,
    SPEAKS,
    UNEXPLAINED_CAP,
    WEIGHTS,
)
from aisec_daemon.detectors.mining.programs import Evidence, Texts
from aisec_daemon.model import Severity
from aisec_daemon.numerics.fusion import strongest, summed
from aisec_daemon.numerics.window import Array, filled

_GROUP_OF = np.array(
    [GROUPS.index((p.family, p.group)) if p.family != "honest" else -1 for p in PIECES]
)
_FAMILY_OF = np.array([FAMILIES.index(family) for family, _ in GROUPS])
_SUSPICIOUS = _GROUP_OF >= 0
_EXPLAINING = np.array([p.group == "pipes" or p.name == "memory_clock_low" for p in PIECES])
_DECISIVE = np.array([name in DECISIVE for name in NAMES])


@dataclass(frozen=True, eq=False)
class Weighed:
    """The rows' evidence (R, P), what each family adds (R, 5), and what follows, (R,) each."""

    pieces: Array
    families: Array
    honest: Array
    score: Array
    severities: tuple[Severity, ...]
    numbers: Evidence
    texts: Texts


def weigh(
    rows: int,
    pieces: Evidence,
    numbers: Evidence,
    texts: Texts,
    unsettled: NDArray[np.bool_],
) -> Weighed:
    """Add up what speaks for and against each row; `unsettled` rows are not acquitted yet."""
    unknown = np.full(rows, np.nan)
    matrix = _without_void(np.array([pieces.get(name, unknown) for name in NAMES]).T)
    weights = matrix * WEIGHTS
    parts = strongest(weights[:, _SUSPICIOUS], _GROUP_OF[_SUSPICIOUS], len(GROUPS))
    families = summed(parts, _FAMILY_OF, len(FAMILIES), CAPS)
    seen = ~np.isnan(matrix[:, NAMES.index("framework")])
    explained = seen | (matrix[:, _EXPLAINING] == 1).any(axis=1)
    families[~explained, 0] = np.minimum(families[~explained, 0], UNEXPLAINED_CAP)
    against = filled(weights[:, ~_SUSPICIOUS]).sum(axis=1)
    limit = np.minimum(HONEST_CAP, families.max(axis=1, initial=0.0))
    honest = np.minimum(against, limit)
    score = (families.sum(axis=1) - honest) / LINE
    score = np.where(unsettled & (score < 1), np.nan, score)
    decisive = (matrix[:, _DECISIVE] == 1).any(axis=1)
    known = matrix[:, NAMES.index("listed")] == 1
    unpaid = (matrix[:, NAMES.index("no_outward")] == 1) & ~known & ~decisive
    left = _left(families, np.where(known, 0.0, honest))
    severities = _severities(left, decisive, unpaid)
    return Weighed(matrix, families, honest, score, severities, numbers, texts)


def _without_void(matrix: Array) -> Array:
    """Take back honest signs that the pipes contradict: a framework that computes nothing."""
    framework = NAMES.index("framework")
    void = (matrix[:, NAMES.index("hash_pipes")] == 1) & (matrix[:, framework] == 1)
    matrix[void, framework] = 0.0
    return matrix


def _left(families: Array, honest: Array) -> Array:
    """Return what is left of the families (R, F) when honest signs (R,) are taken off them.

    They are taken off the strongest, which they may explain and no other.
    """
    strongest_one = np.arange(families.shape[1]) == families.argmax(axis=1)[:, None]
    return families - np.where(strongest_one, honest[:, None], 0.0)


def _severities(
    families: Array, decisive: NDArray[np.bool_], unpaid: NDArray[np.bool_]
) -> tuple[Severity, ...]:
    """One family is a warning, two are high, three or a decisive sign critical.

    What connects to nobody is paid by nobody: no more than a warning, whatever its program.
    """
    speaking = (families >= SPEAKS).sum(axis=1)
    levels = np.where(decisive | (speaking >= 3), Severity.CRITICAL, Severity.WARNING)
    levels = np.where(~decisive & (speaking == 2), Severity.HIGH, levels)
    levels = np.where(unpaid, Severity.WARNING, levels)
    return tuple(Severity(int(level)) for level in levels)
