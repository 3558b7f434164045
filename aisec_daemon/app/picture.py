"""Picture: a replayed case at a glance: series, scores, and when and why each finding opened."""

from __future__ import annotations

import math
import sys
from collections import defaultdict
from datetime import datetime, timezone
from html import escape
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np

from aisec_daemon.app.replay import Watcher
from aisec_daemon.app.telling import printable
from aisec_daemon.model import Change, Tick, Verdict

_PANELS = {
    "power_watts": ("power, W", 1.0),
    "utilization_ratio": ("utilisation, %", 100.0),
    "memory_used_bytes": ("memory, GiB", 1 / 2**30),
    "memory_utilization_ratio": ("memory controller, %", 100.0),
}
_FORMATS = (".png", ".svg", ".pdf", ".html")
_POINTS = 4000  # more would not be seen
_LEGEND = 16


class PictureError(Exception):
    """It cannot be drawn; the message says why, in one sentence."""


class Picture:
    """Collects what a replay shows it and draws it.

    A subject's series may have gaps; a rule's score is its highest over all subjects.
    """

    def __init__(self, pyplot: Any) -> None:
        self._pyplot = pyplot
        self._series: dict[str, dict[str, list[tuple[float, float]]]] = defaultdict(
            lambda: defaultdict(list)
        )
        self._scores: dict[str, list[tuple[float, float]]] = defaultdict(list)
        self._changes: list[Change] = []

    @classmethod
    def for_file(cls, path: Path) -> Picture:
        """Return a picture for a file's format; PictureError if that cannot be drawn."""
        if path.suffix not in _FORMATS:
            raise PictureError(f"{path}: a picture ends in one of {', '.join(_FORMATS)}")
        try:
            import matplotlib as mpl  # noqa: PLC0415 # an extra, and slow to import
        except ImportError as error:
            pip = f"{sys.executable} -m pip install matplotlib"
            raise PictureError(f"pictures need matplotlib: {pip}") from error
        mpl.use("Agg")
        from matplotlib import pyplot as plt  # noqa: PLC0415 # after the choice of a backend

        return cls(plt)

    def watch(self, watcher: Watcher) -> None:
        """Be shown what a replay comes by."""
        tell, advance = watcher.change, watcher.tick

        def change(change: Change) -> None:
            self._changes.append(change)
            tell(change)

        def tick(tick: Tick) -> None:
            self._take(tick)
            advance(tick)

        watcher.change, watcher.tick, watcher.verdict = change, tick, self._judge

    def _take(self, tick: Tick) -> None:
        if tick.snapshot.table.name != "gpu":
            return
        for column in _PANELS:
            for subject, value in zip(tick.snapshot.subjects, tick.snapshot[column], strict=True):
                self._series[column][subject].append((tick.time, float(value)))

    def _judge(self, rule: str, time: float, verdict: Verdict) -> None:
        score = verdict.score[~np.isnan(verdict.score)]
        self._scores[rule].append((time, float(score.max()) if score.size else math.nan))

    def save(self, path: Path) -> None:
        """Draw into a file of the format that its name says."""
        figure = self._draw()
        if path.suffix == ".html":
            drawing = StringIO()
            figure.savefig(drawing, format="svg")
            path.write_text(_page(drawing.getvalue(), self._changes), encoding="utf-8")
        else:
            figure.savefig(path, dpi=110)
        self._pyplot.close(figure)

    def _draw(self) -> Any:
        """Return the figure: a panel a column that was read, and one for scores."""
        shown = [c for c in _PANELS if any(_read(points) for points in self._series[c].values())]
        figure, axes = self._pyplot.subplots(
            len(shown) + 1, 1, sharex=True, figsize=(13, 2.4 * (len(shown) + 1)), squeeze=False
        )
        for axis, column in zip(axes[:, 0], shown, strict=False):
            title, scale = _PANELS[column]
            self._lines(axis, self._series[column], scale)
            axis.set_ylabel(title)
        bottom = axes[-1, 0]
        self._lines(bottom, self._scores, 1.0)
        bottom.axhline(1.0, color="black", linewidth=0.8, linestyle="--")
        bottom.set_ylabel("score (1 is the line)")
        for axis in axes[:, 0]:
            self._mark(axis)
        for axis in {axes[0, 0], bottom}:
            if 0 < len(axis.get_lines()) - len(self._changes) <= _LEGEND:
                axis.legend(loc="upper left", bbox_to_anchor=(1.005, 1.0), fontsize=7)
        self._reasons(axes[0, 0])
        figure.autofmt_xdate()
        figure.tight_layout()
        return figure

    def _lines(self, axis: Any, lines: Any, scale: float) -> None:
        for name, points in lines.items():
            step = max(1, len(points) // _POINTS)
            kept = points[::step]
            times = [_when(time) for time, _ in kept]
            values = [value * scale for _, value in kept]
            axis.plot(times, values, linewidth=0.9, label=_plain(name))

    def _mark(self, axis: Any) -> None:
        """Draw a line where a finding opened, a dotted one where it closed."""
        for change in self._changes:
            if change.what in {"opened", "closed"}:
                style = "-" if change.what == "opened" else ":"
                axis.axvline(_when(change.time), color="crimson", linewidth=0.9, linestyle=style)

    def _reasons(self, axis: Any) -> None:
        """Say above the drawing what was found, the first few."""
        opened = [change for change in self._changes if change.what == "opened"]
        lines = [f"{_when(c.time):%H:%M:%S} {_plain(c.finding.reason)}"[:160] for c in opened[:6]]
        if len(opened) > len(lines):
            lines.append(f"and {len(opened) - len(lines)} more")
        axis.set_title("\n".join(lines) or "nothing was found", fontsize=8, loc="left")


def _read(points: list[tuple[float, float]]) -> bool:
    return any(not math.isnan(value) for _, value in points)


def _when(time: float) -> datetime:
    return datetime.fromtimestamp(time, timezone.utc)


def _plain(text: str) -> str:
    """Return text that the drawing library takes for text, not for mathematics or for nothing."""
    return " " + printable(text).replace("$", r"\$")


def _page(drawing: str, changes: list[Change]) -> str:
    """Return one page without anything from outside: the drawing, and every finding in words."""
    rows = "".join(
        f"<tr><td>{_when(c.time):%Y-%m-%d %H:%M:%S}</td><td>{escape(c.what)}</td>"
        f"<td>{escape(c.finding.severity.word)}</td><td>{escape(c.finding.rule.name)}</td>"
        f"<td>{escape(printable(c.finding.reason))}</td></tr>"
        for c in changes
    )
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>aisec-daemon replay</title>'
        "<style>body{font:14px system-ui,sans-serif;margin:2rem}td{padding:.2rem .6rem;"
        "border-bottom:1px solid #ccc;vertical-align:top}svg{max-width:100%;height:auto}</style>"
        f"{drawing[drawing.index('<svg') :]}<table>{rows}</table></html>\n"
    )
