"""Memory between restarts: what detectors remember and which cases are open."""

from __future__ import annotations

import os
import secrets
from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

from aisec_daemon.model import Finding, Rule, Severity, State, Status
from aisec_daemon.model.jsontext import dumps
from aisec_daemon.pipeline.casebook import Case
from aisec_daemon.pipeline.pipeline import Pipeline

_VERSION = 1
_FILE = "state.json"
_KEY_FILE = "hash.key"


class StateDir:
    """The folder that `--state` names. Every call may raise OSError; the daemon goes on without."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def key(self) -> bytes:
        """Return the secret key of this node's hashes, made at the first call."""
        self.folder.mkdir(mode=0o750, parents=True, exist_ok=True)
        file = self.folder / _KEY_FILE
        if not file.exists():
            _write(file, secrets.token_bytes(32))
        return file.read_bytes()

    def kept_key(self) -> bytes:
        """Return the key that was made before; nothing is written."""
        return (self.folder / _KEY_FILE).read_bytes()

    def save(self, pipeline: Pipeline) -> None:
        """Write what the pipeline remembers, whole or not at all."""
        versions = {d.rule.name: d.memory.version for d in pipeline.detectors if d.memory}
        content = {
            "version": _VERSION,
            "states": {
                rule: {"version": versions[rule], "keys": state.keys, "values": _packed(state)}
                for rule, state in pipeline.states.items()
            },
            "cases": [_pack(case) for case in pipeline.casebook.cases],
        }
        self.folder.mkdir(mode=0o750, parents=True, exist_ok=True)
        _write(self.folder / _FILE, dumps(content))

    def restore(self, pipeline: Pipeline) -> str:
        """Give the pipeline what was saved; return a sentence on what could not be used."""
        file = self.folder / _FILE
        try:
            text = file.read_bytes()
        except FileNotFoundError:
            return ""
        try:
            return _unpack(orjson.loads(text), pipeline)
        except (KeyError, TypeError, ValueError) as error:
            aside = file.with_name(f"{_FILE}.damaged")
            file.replace(aside)
            return f"{file} is damaged ({error}); it was set aside as {aside.name}"

    def peek(self, pipeline: Pipeline) -> str:
        """Give the pipeline what was saved and leave the file as it is; OSError if there is none.

        Returns a sentence on what could not be used.
        """
        text = (self.folder / _FILE).read_bytes()
        try:
            return _unpack(orjson.loads(text), pipeline)
        except (KeyError, TypeError, ValueError) as error:
            return f"{self.folder / _FILE} is damaged ({error})"


def _write(file: Path, content: bytes) -> None:
    """Replace a file so that a crash leaves the old one or the new one (rename(2), fsync(2))."""
    new = file.with_name(f".{file.name}.new")
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())
    new.replace(file)


def _pack(case: Case) -> dict[str, Any]:
    """Turn a case into plain data; JSON turns NaN into null."""
    finding = case.finding
    plain = {name: getattr(finding, name) for name in finding.__dataclass_fields__}
    plain["rule"] = finding.rule.name
    return {"finding": plain, "calm_since": case.calm_since}


def _unpack(content: Mapping[str, Any], pipeline: Pipeline) -> str:
    """Restore what fits the detectors there are; say what does not."""
    if content["version"] != _VERSION:
        raise ValueError(f"version {content['version']}, expected {_VERSION}")
    lost = []
    rules: dict[str, Rule] = {}
    for detector in pipeline.detectors:
        name, shape = detector.rule.name, detector.memory
        rules[name] = detector.rule
        saved = content["states"].get(name)
        if shape is None or saved is None:
            continue
        if saved["version"] != shape.version:
            lost.append(f"{name} (version {saved['version']}, now {shape.version})")
            continue
        values = _numbers(saved["values"])
        pipeline.states[name] = State(
            tuple(saved["keys"]), values.reshape(len(saved["keys"]), len(shape.fields))
        )
    cases = [_case(plain, rules) for plain in content["cases"] if _known(plain, rules)]
    pipeline.casebook.restore(cases)
    return f"forgot what older versions remembered: {', '.join(lost)}" if lost else ""


def _packed(state: State) -> NDArray[np.float64] | str:
    """Return numbers for JSON; float32 has infinities, which JSON has not, so it goes as base64."""
    if state.values.dtype != np.float32:
        return state.values
    return b64encode(state.values.astype("<f4").tobytes()).decode()


def _numbers(packed: list[list[float | None]] | str) -> NDArray[Any]:
    if isinstance(packed, str):
        return np.frombuffer(b64decode(packed, validate=True), dtype="<f4").astype(np.float32)
    return np.array(packed, dtype=np.float64)


def _known(plain: Mapping[str, Any], rules: Mapping[str, Rule]) -> bool:
    return plain["finding"]["rule"] in rules


def _case(plain: Mapping[str, Any], rules: Mapping[str, Rule]) -> Case:
    """Turn plain data back into a case; null is NaN again."""
    saved = plain["finding"]
    numbers = {
        name: float("nan") if saved[name] is None else float(saved[name])
        for name in ("score", "peak", "since", "opened", "closed")
    }
    facts = {k: float("nan") if v is None else v for k, v in saved["facts"].items()}
    finding = Finding(**{**saved, **numbers, "facts": facts, "rule": rules[saved["rule"]]})
    finding = replace(
        finding,
        status=Status(saved["status"]),
        severity=Severity(saved["severity"]),
        subjects=tuple(saved["subjects"]),
    )
    calm = plain["calm_since"]
    return Case(finding, float("nan") if calm is None else float(calm))
