"""All sources of outputs of one node, by model."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from aisec_daemon.host.errors import UnreadableError
from aisec_daemon.host.outputs.follow import Follower
from aisec_daemon.host.outputs.intake import Intake
from aisec_daemon.host.redaction.visible import visible

MODELS_MOST = 64
VALUES_MOST = 200  # of one model, a reading; the others are counted
_NAME_CHARACTERS = 64
_VALUE_CHARACTERS = 1024


class Outputs(NamedTuple):
    """What came of one model: values, as they were written, and how many were left out."""

    values: tuple[str, ...]
    left_out: int
    error: str = ""


class OutputReader:
    """Files and pipes by the name of their model, and an intake; read by one thread."""

    def __init__(self, files: Mapping[str, Path], listen: str = "") -> None:
        self._followers = {name: Follower(path) for name, path in files.items()}
        self._intake: Intake | None = None
        self._listen = listen
        self._refused = 0

    @property
    def wanted(self) -> bool:
        """Whether there is any source."""
        return bool(self._followers or self._listen)

    @property
    def refused(self) -> int:
        """Lines that were none, of too many models, or dropped by the kernel."""
        broken = sum(each.broken_lines for each in self._followers.values())
        return self._refused + broken + (self._intake.dropped if self._intake else 0)

    def read(self) -> dict[str, Outputs]:
        """Return what came of each model, and of each file's model even if nothing did.

        UnreadableError if the intake cannot listen; a file that cannot be read says so in its row.
        """
        found: dict[str, list[str]] = {name: [] for name in self._followers}
        errors: dict[str, str] = {}
        for name, follower in self._followers.items():
            lines, errors[name] = _followed(follower)
            self._sort(lines, name, found)
        if self._listen:
            self._intake = self._intake or Intake(self._listen)
            self._sort(self._intake.read(), "", found)
        return {
            name: Outputs(
                tuple(values[:VALUES_MOST]),
                max(len(values) - VALUES_MOST, 0),
                errors.get(name, ""),
            )
            for name, values in found.items()
        }

    def close(self) -> None:
        """Let go of every source."""
        for follower in self._followers.values():
            follower.close()
        if self._intake is not None:
            self._intake.close()

    def _sort(self, lines: list[bytes], model: str, found: dict[str, list[str]]) -> None:
        """Put each line's value to its model."""
        for line in lines:
            text = line.decode("utf-8", "replace").strip()
            if not text:
                continue
            name, tab, value = text.partition("\t")
            if not tab:
                name, value = model, text
            name, value = visible(name)[:_NAME_CHARACTERS], "".join(value.split())
            known = name in found or len(found) < MODELS_MOST
            if not name or not value or len(value) > _VALUE_CHARACTERS or not known:
                self._refused += 1
                continue
            found.setdefault(name, []).append(visible(value))


def _followed(follower: Follower) -> tuple[list[bytes], str]:
    """Return the lines that came, or why none could be read."""
    try:
        return follower.read(), ""
    except UnreadableError as error:
        return [], str(error)
