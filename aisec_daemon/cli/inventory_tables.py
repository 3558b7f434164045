"""An inventory as tables for people, at 80 columns and more."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from rich.console import Console
from rich.table import Table
from rich.text import Text

from aisec_daemon.cli.screen import percent, table, text, whole
from aisec_daemon.detectors.posture.check import Outcome
from aisec_daemon.detectors.posture.judging import hardening, judge, row_of
from aisec_daemon.model import Snapshot
from aisec_daemon.model.baseline import difference
from aisec_daemon.model.snapshot import Word

_ID = 12  # characters of a container's id that people use
_IMAGE = 24  # of an image's name, without its registry and digest
_OPEN = {"open": "bold red", "protected": "green"}
_REACH = {"public": "red", "private": "yellow"}
_WORST = 4  # failed checks that are named


def show(
    tables: Mapping[str, Snapshot], approved: Mapping[str, Snapshot], origin: str, console: Console
) -> None:
    """Print everything that was read."""
    for part in _parts(tables, approved):
        console.print(part)
        console.print()
    console.print(text(f"{_total(tables)}; {origin}", "dim"))


def _parts(
    tables: Mapping[str, Snapshot], approved: Mapping[str, Snapshot]
) -> Iterator[Table | Text]:
    for name, draw in (("listener", _listeners), ("flow", _flows), ("posture", _postures)):
        if name == "listener" and "asset" in tables:
            yield _assets(tables["asset"], approved.get("asset"))
        if name in tables and tables[name].subjects:
            yield draw(tables[name])


def _assets(rows: Snapshot, approved: Snapshot | None) -> Table | Text:
    if not rows.subjects:
        return text("No AI workload was found.")
    heads = ("ASSET", "WHAT", "USER", "WHERE", "GPUS", "FRAMEWORKS")
    made = table("AI workloads", *heads, right=("GPUS",))
    marks = _marks(rows, approved)
    if marks:
        made.add_column("APPROVED")
    for at, subject in enumerate(rows.subjects):
        words = _words(rows, at)
        cells = [
            text(subject),
            text(_what(words)),
            text(words["user"]),
            text(_where(words)),
            text(whole(float(rows["used_gpus"][at]))),
            text(words["frameworks"]),
        ]
        if marks:
            cells.append(marks[at])
        made.add_row(*cells)
    return made


def _marks(rows: Snapshot, approved: Snapshot | None) -> list[Text]:
    """Say of each row whether it is as it was approved; nothing if nothing was."""
    if approved is None:
        return []
    found = difference(rows, approved)
    marks = [text("yes", "green") for _ in rows.subjects]
    for at in found.new:
        marks[at] = text("new", "yellow")
    for at in found.changed:
        marks[at] = text("changed", "yellow")
    for at in found.unknown:
        marks[at] = text(None)
    return marks


def _listeners(rows: Snapshot) -> Table:
    made = table("Where they listen", "ASSET", "ADDRESS", "REACHED BY", "SERVICE", "WHO MAY")
    for at in range(len(rows.subjects)):
        words = _words(rows, at)
        service = " ".join(filter(None, (words["service"], words["version"])))
        asks = words["authentication"]
        made.add_row(
            text(words["asset"]),
            text(_endpoint(words["address"], words["port"])),
            text(words["scope"], _REACH.get(words["scope"] or "", "")),
            text(service),
            text(asks and asks.replace("_", " "), _OPEN.get(asks or "", "")),
        )
    return made


def _flows(rows: Snapshot) -> Table:
    made = table("What they read, write and talk to", "ASSET", "KIND", "WAY", "TARGET", "ON")
    for at in range(len(rows.subjects)):
        words = _words(rows, at)
        target = words["name"] or words["target"]
        lies_on = words["mount"] or words["storage"]
        behind = words["scope"] if words["kind"] == "service" else lies_on
        made.add_row(
            *(text(words[name]) for name in ("asset", "kind", "direction")),
            text(target),
            text(behind),
        )
    return made


def _postures(rows: Snapshot) -> Table:
    heads = ("ASSET", "KIND", "HARDENED", "FAILS")
    made = table("How they are locked up", *heads, right=("HARDENED",))
    for at in range(len(rows.subjects)):
        judged = judge(row_of(rows, at))
        failed = [check for check, outcome in judged if outcome is Outcome.FAIL]
        worst = sorted(failed, key=lambda check: -check.weight)
        names = ", ".join(check.name for check in worst[:_WORST])
        more = f" and {len(worst) - _WORST} more" if len(worst) > _WORST else ""
        words = _words(rows, at)
        made.add_row(
            text(words["asset"]),
            text(words["kind"]),
            text(percent(hardening(judged).ratio)),
            text(names + more),
        )
    return made


def _total(tables: Mapping[str, Snapshot]) -> str:
    return ", ".join(f"{name} {len(rows.subjects)}" for name, rows in tables.items())


def _what(words: Mapping[str, Word]) -> Word:
    """Return how people call a workload."""
    named = words["service"] or words["script"] or words["executable"]
    return named if named is None else named.rsplit("/", 1)[-1]


def _where(words: Mapping[str, Word]) -> Word:
    """Return the most telling word for the place it runs in, and what an image is called there."""
    for name, begin in (("slurm_job", "job "), ("pod", "pod "), ("container", "")):
        word = words[name]
        if word:
            image = (words["image"] or "").partition("@")[0].rpartition("/")[2][:_IMAGE]
            return f"{begin}{word[:_ID]} {image}".rstrip()
    return words["unit"]


def _endpoint(address: Word, port: Word) -> Word:
    if address is None or port is None:
        return None
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


def _words(rows: Snapshot, at: int) -> dict[str, Word]:
    return {name: column[at] for name, column in rows.labels.items()}
