"""Findings and their evidence as JSON in pure ASCII, and back again without a loss.

NaN is null, an infinity `["inf"]`; text that is no valid Unicode comes back as it was. The rule is
packed with its finding, so that a journal can be read by whoever has never heard of the rule.
"""

from __future__ import annotations

import json
import math
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from typing import Any

from aisec_daemon.model import Evidence, Finding, Rule, Severity, Status
from aisec_daemon.model.rule import Fact

DAMAGE = (ValueError, KeyError, TypeError, AttributeError, zlib.error)
_NUMBERS = ("score", "peak", "since", "opened", "closed")


def ascii_text(text: str) -> str:
    """Return text as a column of the journal can hold it."""
    return json.dumps(text)[1:-1]


def original(text: str) -> str:
    """Return what `ascii_text` was given."""
    return str(json.loads(f'"{text}"'))


def pack_finding(finding: Finding) -> str:
    """Return a finding as text."""
    plain = {field.name: getattr(finding, field.name) for field in fields(Finding)}
    plain.update({name: pack_fact(plain[name]) for name in _NUMBERS})
    rule = asdict(finding.rule)
    rule["severity"] = finding.rule.severity.word
    plain.update(
        rule=rule,
        status=finding.status.value,
        severity=finding.severity.word,
        facts={name: pack_fact(fact) for name, fact in finding.facts.items()},
        labels=dict(finding.labels),
    )
    return _dump(plain)


def unpack_finding(text: str) -> Finding:
    """Return what `pack_finding` was given; ValueError, KeyError or TypeError if it is damaged."""
    plain = json.loads(text)
    known = {field.name for field in fields(Finding)}
    plain = {name: value for name, value in plain.items() if name in known}
    plain.update({name: float(unpack_fact(plain[name])) for name in _NUMBERS})
    rule = {**plain["rule"], "severity": Severity[plain["rule"]["severity"].upper()]}
    known = {field.name for field in fields(Rule)}
    plain.update(
        rule=Rule(**{name: value for name, value in rule.items() if name in known}),
        status=Status(plain["status"]),
        severity=Severity[plain["severity"].upper()],
        subjects=tuple(plain["subjects"]),
        facts={name: unpack_fact(fact) for name, fact in plain["facts"].items()},
    )
    return Finding(**plain)


def pack_evidence(evidence: Sequence[Evidence]) -> bytes:
    """Return evidence, compressed."""
    plain = [
        {
            **{field.name: getattr(each, field.name) for field in fields(Evidence)},
            "numbers": {name: list(map(_short, row)) for name, row in each.numbers.items()},
            "words": {name: list(row) for name, row in each.words.items()},
            "times": [round(time, 3) for time in each.times],
            "past": {
                name: [list(map(_short, one)) for one in series]
                for name, series in each.past.items()
            },
        }
        for each in evidence
    ]
    return zlib.compress(_dump(plain).encode("ascii"))


def unpack_evidence(packed: bytes) -> tuple[Evidence, ...]:
    """Return what `pack_evidence` was given; ValueError, KeyError or zlib.error if damaged."""
    known = {field.name for field in fields(Evidence)}
    found = []
    for each in json.loads(zlib.decompress(packed)):
        plain = {name: value for name, value in each.items() if name in known}
        plain.update(
            subjects=tuple(plain["subjects"]),
            numbers={name: _series(row) for name, row in plain["numbers"].items()},
            words={name: tuple(row) for name, row in plain["words"].items()},
            times=tuple(plain["times"]),
            past={name: tuple(map(_series, many)) for name, many in plain["past"].items()},
        )
        found.append(Evidence(**plain))
    return tuple(found)


def unpacked(text: str) -> Finding | None:
    """Return what `pack_finding` was given; None if it is damaged."""
    try:
        return unpack_finding(text)
    except DAMAGE:
        return None


def unpacked_evidence(packed: bytes | None) -> tuple[Evidence, ...]:
    """Return what `pack_evidence` was given; nothing if there is none, or if it is damaged."""
    try:
        return unpack_evidence(packed) if packed else ()
    except DAMAGE:
        return ()


def pack_fact(fact: Fact) -> Any:
    """Return a fact as JSON has it."""
    if isinstance(fact, str):
        return fact
    number = float(fact)
    if math.isfinite(number):
        return number
    return None if math.isnan(number) else [str(number)]


def unpack_fact(plain: Any) -> Fact:
    """Return a fact from JSON."""
    if plain is None:
        return math.nan
    if isinstance(plain, list):
        return float(plain[0])
    return plain if isinstance(plain, str) else float(plain)


def _short(number: float) -> Any:
    """Return a measurement; what is kept as evidence needs no more than six digits."""
    return pack_fact(float(f"{number:.6g}") if abs(number) < 1e9 else number)  # noqa: PLR2004


def _series(row: Sequence[Any]) -> tuple[float, ...]:
    return tuple(float(unpack_fact(number)) for number in row)


def _dump(plain: Any) -> str:
    return json.dumps(plain, allow_nan=False, separators=(",", ":"), default=_reject)


def _reject(value: Any) -> Any:
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"{type(value).__name__} is no part of a finding")
