"""Reads `state.json`, in which versions without a journal kept their memory."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import orjson

from aisec_daemon.journal.kept import Kept, KeptCase
from aisec_daemon.model import Finding, Rule, Severity, State, Status

_VERSION = 1
_NUMBERS = ("score", "peak", "since", "opened", "closed")


def parse(text: bytes) -> Kept:
    """Return what the file holds; KeyError, TypeError or ValueError if it is damaged."""
    content = orjson.loads(text)
    if content["version"] != _VERSION:
        raise ValueError(f"version {content['version']}, expected {_VERSION}")
    states = {
        name: (int(saved["version"]), _state(saved)) for name, saved in content["states"].items()
    }
    return Kept(0.0, states, tuple(_case(plain) for plain in content["cases"]))


def _state(saved: Mapping[str, Any]) -> State:
    keys = tuple(saved["keys"])
    values = np.array(saved["values"], dtype=np.float64)
    return State(keys, values.reshape(len(keys), -1 if keys else 0))


def _case(plain: Mapping[str, Any]) -> KeptCase:
    """Turn plain data into a case; null is NaN. Of the rule the file knows the name only."""
    saved = plain["finding"]
    finding = Finding(
        **{
            **saved,
            **{name: _number(saved[name]) for name in _NUMBERS},
            "facts": {k: math.nan if v is None else v for k, v in saved["facts"].items()},
            "rule": Rule(saved["rule"], saved["rule"], Severity(saved["severity"]), ""),
            "status": Status(saved["status"]),
            "severity": Severity(saved["severity"]),
            "subjects": tuple(saved["subjects"]),
        }
    )
    told = finding.status is Status.OPEN and not finding.allowed
    return KeptCase(finding, _number(plain["calm_since"]), told)


def _number(plain: float | None) -> float:
    return math.nan if plain is None else float(plain)
