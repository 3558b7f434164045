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
from aisec_daemon.numerics.fusion import Groups, strongest, summed
from aisec_daemon.numerics.window import Array, filled

_GROUP_OF = [GROUPS.index((p.family, p.group)) if p.family != "honest" else -1 for p in PIECES]
_GROUPS = Groups.of(_GROUP_OF, len(GROUPS))
_FAMILIES = Groups.of([FAMILIES.index(family) for family, _ in GROUPS], len(FAMILIES))
_EXPLICABLE = np.flatnonzero([family != "lists" for family in FAMILIES])
_HONEST = np.flatnonzero(np.array(_GROUP_OF) < 0)
_EXPLAINING = np.flatnonzero([p.group == "pipes" or p.name == "memory_clock_low" for p in PIECES])
_DECISIVE = np.flatnonzero([name in DECISIVE for name in NAMES])
_FRAMEWORK, _HASH_PIPES, _LISTED, _NO_OUTWARD = map(
    NAMES.index, ("framework", "hash_pipes", "listed", "no_outward")
)
_LEVELS = (Severity.WARNING, Severity.WARNING, Severity.HIGH, Severity.CRITICAL)
"""By how many families speak."""


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
    families = summed(strongest(weights, _GROUPS), _FAMILIES, CAPS)
    seen = ~np.isnan(matrix[:, _FRAMEWORK])
    explained = seen | (matrix[:, _EXPLAINING] == 1).any(axis=1)
    families[:, 0] = np.minimum(families[:, 0], np.where(explained, CAPS[0], UNEXPLAINED_CAP))
    against = filled(weights[:, _HONEST]).sum(axis=1)
    limit = np.minimum(HONEST_CAP, families[:, _EXPLICABLE].max(axis=1, initial=0.0))
    honest = np.minimum(against, limit)
    score = (families.sum(axis=1) - honest) / LINE
    score = np.where(unsettled & (score < 1), np.nan, score)
    decisive = (matrix[:, _DECISIVE] == 1).any(axis=1)
    known = matrix[:, _LISTED] == 1
    unpaid = (matrix[:, _NO_OUTWARD] == 1) & ~known & ~decisive
    left = _left(families, np.where(known, 0.0, honest))
    severities = _severities(left, decisive, unpaid)
    return Weighed(matrix, families, honest, score, severities, numbers, texts)


def _without_void(matrix: Array) -> Array:
    """Take back honest signs that the pipes contradict: a framework that computes nothing."""
    void = (matrix[:, _HASH_PIPES] == 1) & (matrix[:, _FRAMEWORK] == 1)
    matrix[void, _FRAMEWORK] = 0.0
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
    levels = np.where(decisive, len(_LEVELS) - 1, np.minimum(speaking, len(_LEVELS) - 1))
    return tuple(map(_LEVELS.__getitem__, np.where(unpaid, 0, levels).tolist()))
