"""GPUs on the page: a card each, with the last minutes drawn."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from aisec_daemon.app.web.landing.sparkline import sparkline
from aisec_daemon.app.web.landing.words import NOTHING, UNREAD, safe, share, size, span, word
from aisec_daemon.app.web.recent import WINDOW_SECONDS, Course

_CARDS = 64
_LEAST_SECONDS = 60.0


class _Meter(NamedTuple):
    """One number of a GPU: what it is called, now, of how much, and the top of its drawing."""

    name: str
    column: str
    now: str
    top: float


def gpus_section(courses: Sequence[Course], time: float, tones: Mapping[str, str]) -> str:
    """Return every GPU of the last minutes; one that is gone says so.

    `tones` has the severity of what is open about a GPU: its card is edged in that colour.
    """
    if not courses:
        return (
            '<section id="gpus"><h2>GPUs</h2><p class="calm">No GPU has been read yet. '
            "<code>aisec-daemon doctor</code> says what is missing.</p></section>"
        )
    window = _window(courses[0].times, time)
    cards = "".join(
        _card(course, time, window, tones.get(course.uuid, "")) for course in courses[:_CARDS]
    )
    left = len(courses) - _CARDS
    more = f'<p class="calm">{left} more are not drawn.</p>' if left > 0 else ""
    return (
        f'<section id="gpus"><h2>GPUs <small>the last {span(window)}</small></h2>'
        f'<div class="grid">{cards}</div>{more}</section>'
    )


def _window(times: NDArray[np.float64], time: float) -> float:
    """Return how many seconds are drawn: as many as there are, from one minute to five."""
    return (
        float(np.clip(time - times[0], _LEAST_SECONDS, WINDOW_SECONDS))
        if len(times)
        else _LEAST_SECONDS
    )


def _card(course: Course, time: float, window: float, tone: str) -> str:
    words = course.words
    name = (
        f"MIG {word(words['index'], 8)}"
        if words["kind"] == "mig"
        else f"GPU {word(words['index'], 8)}"
    )
    model = words["name"].removeprefix("NVIDIA ") if words["name"] else words["name"]
    celsius = course.numbers["temperature_celsius"]
    warm = f"{celsius:.0f} °C" if math.isfinite(celsius) else UNREAD
    state = '<span class="chip lost">gone</span>' if course.gone else f"<span>{warm}</span>"
    edge = f" about {tone}" if tone else ""
    meters = "".join(_meter(course, meter, time, window) for meter in _meters(course))
    return (
        f'<article class="gpu{" gone" if course.gone else ""}{edge}"><p class="top"><b>{name}</b>'
        f'<span class="model">{word(model)}</span>{state}</p>{meters}'
        f'<p class="uuid"><code>{safe(course.uuid, 80)}</code></p></article>'
    )


def _meters(course: Course) -> tuple[_Meter, ...]:
    now = course.numbers
    limit, whole = now["power_limit_watts"], now["memory_size_bytes"]
    watts = now["power_watts"]
    power = UNREAD if math.isnan(watts) else f"{watts:.0f} W"
    power += f" <i>of {limit:.0f}</i>" if math.isfinite(limit) else ""
    memory = size(now["memory_used_bytes"])
    memory += f" <i>of {whole / 2**30:.0f}</i>" if math.isfinite(whole) else ""
    return (
        _Meter("Utilisation", "utilization_ratio", share(now["utilization_ratio"]), 1.0),
        _Meter("Power", "power_watts", power, _top(course, "power_watts", limit)),
        _Meter("Memory", "memory_used_bytes", memory, _top(course, "memory_used_bytes", whole)),
    )


def _top(course: Course, column: str, limit: float) -> float:
    """Return the top of a drawing: the limit, or the most there was where none is known."""
    if math.isfinite(limit) and limit > 0:
        return limit
    return float(np.fmax.reduce(course.past[column], initial=0.0))


def _meter(course: Course, meter: _Meter, time: float, window: float) -> str:
    past = course.past[meter.column]
    read = past[np.isfinite(past)]
    about = f"{meter.name}, nothing read"
    if len(read) and meter.top > 0:
        low, high = read.min() / meter.top, read.max() / meter.top
        about = f"{meter.name}, between {low * 100:.0f} and {high * 100:.0f} % of its most"
    drawn = sparkline(course.times, past, end=time, window=window, top=meter.top, about=about)
    now = NOTHING if course.gone else meter.now
    kind = meter.column.partition("_")[0]
    return (
        f'<div class="meter {kind}"><span>{meter.name}</span>{drawn}'
        f'<span class="now">{now}</span></div>'
    )
