"""Gpus: who the rows of a log are about."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from aisec_daemon.model import Snapshot, Table
from aisec_daemon.model.snapshot import Word

MOST = 4096
"""How many different GPUs (or sets of words about them) a log may name."""

UNKNOWN = -1
_UNNAMED = 1 << 40  # ranks after every index
_LONGEST = 256
_PCI = re.compile(r"(?:[0-9a-f]{4})?([0-9a-f]{4}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-7])")
_SURE = {"kind": "gpu", "parent": "", "gpu_instance_id": "", "compute_instance_id": "", "error": ""}


class Group(NamedTuple):
    """The GPUs of one poll; `kept` are its rows if a GPU appears twice, else None."""

    unread: Snapshot
    kept: list[int] | None


class Gpus(dict[tuple[bytes, ...], int]):
    """A number for each different set of words that rows carry about their GPU.

    A GPU is known by its UUID, else by its PCI address, else as `gpu-<index>`; a row with none of
    them by its place in the poll (`positional`). Its subject is its label `uuid` too, since other
    tables are joined by that.
    """

    def __init__(self, table: Table, names: Sequence[str], *, positional: bool) -> None:
        super().__init__()
        self.positional = positional
        self.ranks: list[int] = []
        self._table = table
        self._names = names
        self._words: list[dict[str, Word]] = []
        self._groups: dict[bytes, Group] = {}

    def __missing__(self, fields: tuple[bytes, ...]) -> int:
        if len(self._words) >= MOST:
            return UNKNOWN
        words = {name: word(field) for name, field in zip(self._names, fields, strict=True)}
        if words.get("pci_bus_id"):
            words["pci_bus_id"] = address(words["pci_bus_id"] or "")
        if not self.positional and _subject(words) is None:
            return UNKNOWN
        number = self[fields] = len(self._words)
        index = words.get("index") or ""
        self.ranks.append(
            int(index) if index.isdecimal() and len(index) < 6 else _UNNAMED + number  # noqa: PLR2004 - no node has that many
        )
        self._words.append(words)
        return number

    def group(self, numbers: Sequence[int], places: Sequence[int], key: bytes) -> Group:
        """Return who the rows of a poll are about; `key` stands for `numbers` and `places`."""
        found = self._groups.get(key)
        if found is None:
            if len(self._groups) >= MOST:
                self._groups.clear()
            found = self._groups[key] = self._build(numbers, places)
        return found

    def _build(self, numbers: Sequence[int], places: Sequence[int]) -> Group:
        rows: dict[str, tuple[int, dict[str, Word]]] = {}
        for row, (number, place) in enumerate(zip(numbers, places, strict=True)):
            words = self._words[number]
            if self.positional:
                words = {**words, "index": str(place)}
            subject = _subject(words) or ""
            rows.setdefault(subject, (row, {**_SURE, **words, "uuid": subject}))
        labels = {
            label.name: tuple(words.get(label.name) for _, words in rows.values())
            for label in self._table.labels
        }
        kept = [row for row, _ in rows.values()]
        values = np.full((len(rows), len(self._table.columns)), np.nan)
        unread = Snapshot(self._table, 0.0, tuple(rows), values, labels)
        return Group(unread, kept if len(kept) < len(numbers) else None)


def word(field: bytes) -> Word:
    """Return a field as a word, None for what nvidia-smi could not read."""
    text = field.decode("utf-8", "replace").strip()[:_LONGEST]
    return None if text in {"", "-", "N/A"} or text.startswith("[") else text


def address(text: str) -> str:
    """Return a PCI address as sysfs writes it; nvidia-smi writes the domain with eight digits."""
    match = _PCI.fullmatch(text.lower())
    return match[1] if match else text.lower()


def _subject(words: Mapping[str, Word]) -> str | None:
    name = words.get("uuid") or words.get("pci_bus_id")
    return name or (f"gpu-{words['index']}" if words.get("index") else None)
