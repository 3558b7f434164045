"""What outlives a restart: the key of hashes, what detectors remember, which cases are open."""

from __future__ import annotations

import os
import secrets
from dataclasses import replace
from errno import EINVAL
from pathlib import Path

from aisec_daemon.app import oldstate
from aisec_daemon.journal.kept import Kept, KeptCase
from aisec_daemon.model import State
from aisec_daemon.pipeline.casebook import Case
from aisec_daemon.pipeline.pipeline import Pipeline

_KEY_FILE = "hash.key"
_KEY_BYTES = 32
_OLD_FILE = "state.json"


class StateDir:
    """The folder that `--state` names. Every call may raise OSError; the daemon goes on without."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def key(self) -> bytes:
        """Return the secret key of this node's hashes, made at the first call."""
        self.folder.mkdir(mode=0o750, parents=True, exist_ok=True)
        file = self.folder / _KEY_FILE
        if not file.exists() or file.stat().st_size != _KEY_BYTES:  # cut short: of no use to anyone
            replace_file(file, secrets.token_bytes(_KEY_BYTES))
        return file.read_bytes()

    def kept_key(self) -> bytes:
        """Return the key that was made before; nothing is written."""
        key = (self.folder / _KEY_FILE).read_bytes()
        if len(key) != _KEY_BYTES:
            raise OSError(EINVAL, "this is not a key", _KEY_FILE)
        return key

    def old(self) -> tuple[Kept | None, str]:
        """Return what a version without a journal left here, and a sentence if it is damaged."""
        file = self.folder / _OLD_FILE
        try:
            return oldstate.parse(file.read_bytes()), ""
        except FileNotFoundError:
            return None, ""
        except (ArithmeticError, AttributeError, KeyError, TypeError, ValueError) as error:
            aside = file.with_name(f"{_OLD_FILE}.damaged")
            file.replace(aside)
            return None, f"{file} is damaged ({error}); it was set aside as {aside.name}"

    def retire_old(self) -> None:
        """Set aside what a version without a journal left here: the journal has it now."""
        file = self.folder / _OLD_FILE
        if file.exists():
            file.replace(file.with_name(f"{_OLD_FILE}.imported"))


def replace_file(file: Path, content: bytes) -> None:
    """Replace a file so that a crash leaves the old one or the new one (rename(2), fsync(2))."""
    new = file.with_name(f".{file.name}.new")
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())
    new.replace(file)


def keep(pipeline: Pipeline, time: float) -> Kept:
    """Return what a restart needs of a pipeline."""
    versions = {d.rule.name: d.memory.version for d in pipeline.detectors if d.memory}
    return Kept(
        time,
        {rule: (versions[rule], state) for rule, state in pipeline.states.items()},
        tuple(KeptCase(case.finding, case.calm_since) for case in pipeline.casebook.cases),
    )


def restore(kept: Kept, pipeline: Pipeline) -> str:
    """Give a pipeline what was kept; return a sentence on what could not be used."""
    lost = []
    rules = {detector.rule.name: detector.rule for detector in pipeline.detectors}
    for detector in pipeline.detectors:
        name, shape = detector.rule.name, detector.memory
        if shape is None or name not in kept.states:
            continue
        version, state = kept.states[name]
        if version != shape.version:
            lost.append(f"{name} (version {version}, now {shape.version})")
            continue
        values = state.values.reshape(len(state.keys), len(shape.fields)).astype(shape.dtype)
        pipeline.states[name] = State(state.keys, values)
    pipeline.casebook.restore(
        Case(replace(case.finding, rule=rules[case.finding.rule.name]), case.calm_since)
        for case in kept.cases
        if case.finding.rule.name in rules
    )
    return f"forgot what older versions remembered: {', '.join(lost)}" if lost else ""
