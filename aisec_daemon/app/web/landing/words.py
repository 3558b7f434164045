"""Words: the one way for text to get onto the page."""

from __future__ import annotations

import math
import unicodedata
from datetime import datetime, timezone
from html import escape

from aisec_daemon.app.telling import printable

NOTHING = "\N{EN DASH}"
UNREAD = '<span class="unread">unread</span>'
_MINUTE, _HOUR, _DAY = 60, 3600, 86400
_MARKS = 2  # combining marks on one letter; piles of them run over their neighbours


def safe(text: str, most: int) -> str:
    """Return text for HTML: cut, what cannot be seen or turns the line around written as escapes.

    `most` is in characters of the text as it came.
    """
    if len(text) > most:
        text = text[: most - 1] + "…"
    return escape(printable(_unpiled(text)))


def word(text: str | None, most: int = 64) -> str:
    """Return a label's value; None is unread, empty is a dash."""
    if text is None:
        return UNREAD
    return f"<bdi>{safe(text, most)}</bdi>" if text else NOTHING


def clock(time: float) -> str:
    """Return a moment, in UTC."""
    if not math.isfinite(time):
        return ""
    moment = datetime.fromtimestamp(time, timezone.utc)
    text = moment.strftime("%Y-%m-%d %H:%M:%S")
    return f'<time datetime="{text.replace(" ", "T")}Z">{text} UTC</time>'


def span(seconds: float) -> str:
    """Return a duration in its largest two units."""
    if not math.isfinite(seconds):
        return ""
    left = max(int(seconds), 0)
    if left < _MINUTE:
        return f"{left} s"
    if left < _HOUR:
        return f"{left // _MINUTE} min"
    if left < _DAY:
        return f"{left // _HOUR} h {left % _HOUR // _MINUTE} min"
    return f"{left // _DAY} d {left % _DAY // _HOUR} h"


def size(count: float) -> str:
    """Return bytes in GiB or MiB; unread if NaN."""
    if not math.isfinite(count):
        return UNREAD
    gib = count / 2**30
    return f"{gib:.1f} GiB" if gib >= 1 else f"{count / 2**20:.0f} MiB"


def share(ratio: float) -> str:
    """Return a ratio in per cent; unread if NaN."""
    return f"{ratio * 100:.0f} %" if math.isfinite(ratio) else UNREAD


def _unpiled(text: str) -> str:
    """Drop combining marks beyond what any script needs."""
    kept: list[str] = []
    marks = 0
    for letter in text:
        marks = marks + 1 if unicodedata.combining(letter) else 0
        if marks <= _MARKS:
            kept.append(letter)
    return "".join(kept)
