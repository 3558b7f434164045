"""Stamps: the times that logs carry, in seconds since 1970.

nvidia-smi writes local time without its zone (`2025/07/27 00:22:27.858`; dmon and pmon
`20250727 00:22:27` with -o DT): it is taken for UTC.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

_LONGEST = 26
_COMPACT = 17  # YYYYMMDD HH:MM:SS
_SECONDS = 19  # YYYY/MM/DD HH:MM:SS, a fraction may follow
_DATED = {True: (0, 4, 6, 9, 12, 15), False: (0, 5, 8, 11, 14, 17)}
_YEARS = (2000, 2100)
DAY = 86400.0


def parse(fields: Sequence[bytes]) -> NDArray[np.float64]:
    """Return a time for each field, NaN for one that tells none of this century."""
    distinct = dict.fromkeys(fields)  # the rows of a poll often bear the same
    time_of = dict(zip(distinct, _parsed(list(distinct)).tolist(), strict=True))
    return np.fromiter(map(time_of.__getitem__, fields), np.float64, len(fields))


def _parsed(fields: list[bytes]) -> NDArray[np.float64]:
    texts = np.char.strip(np.array(fields, dtype=f"S{_LONGEST + 1}"))
    lengths = np.char.str_len(texts)
    bytes_of = texts.astype(f"S{_LONGEST + 1}").view(np.uint8).reshape(len(texts), _LONGEST + 1)
    times = np.full(len(texts), np.nan)
    for length in {*np.unique(lengths).tolist()} & {_COMPACT, *range(_SECONDS, _LONGEST + 1)}:
        rows = np.flatnonzero(lengths == length)
        times[rows] = _dated(bytes_of[rows, :length], length)
    return times


def seconds(fields: Sequence[bytes]) -> NDArray[np.float64]:
    """Return the seconds that each field states (`64.039`), NaN for one that states none."""
    return np.array([_second(field) for field in fields], dtype=np.float64)


def time_of_day(fields: Sequence[bytes]) -> NDArray[np.float64]:
    """Return seconds since midnight of `HH:MM:SS`, NaN for anything else."""
    times = parse([b"2000/01/01 " + field.strip() for field in fields])
    midnight: float = parse([b"2000/01/01 00:00:00"]).item()
    return times - midnight


def _second(field: bytes) -> float:
    text = field.strip()
    if not text[:1].isdigit() or len(text) > _LONGEST or b"_" in text:
        return np.nan
    try:
        return float(text)
    except ValueError:
        return np.nan


def _dated(text: NDArray[np.uint8], length: int) -> NDArray[np.float64]:
    places, weights = _digits(length)
    digits = text[:, places] - np.uint8(ord("0"))  # what is less wraps around, far beyond 9
    numbers = digits.astype(np.float64) @ weights
    year, month, day, hour, minute, second, fraction = numbers.astype(np.int64).T
    times = _days(year, month, day) * DAY + hour * 3600.0 + minute * 60.0 + second
    if length > _SECONDS + 1:
        times = times + fraction / 10.0 ** (length - _SECONDS - 1)
    whole = (digits <= 9).all(axis=1)  # noqa: PLR2004 - decimal digits
    for separator in (_DATED[length == _COMPACT][at] - 1 for at in (4, 5)):
        whole &= text[:, separator] == ord(":")
    for value, low, high in [
        (year, *_YEARS),
        (month, 1, 12),
        (day, 1, 31),
        (hour, 0, 23),
        (minute, 0, 59),
        (second, 0, 60),
    ]:
        whole &= (value >= low) & (value <= high)
    return np.where(whole, times, np.nan)


@lru_cache
def _digits(length: int) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """Return where a stamp's digits are, (D,), and what each adds to its seven numbers, (D, 7).

    The last of them is the fraction, as a whole number.
    """
    starts = _DATED[length == _COMPACT]
    ends = [starts[0] + 4, *(start + 2 for start in starts[1:])]
    spans = [*zip(starts, ends, strict=True), (min(_SECONDS + 1, length), length)]
    places = [(place, number) for number, span in enumerate(spans) for place in range(*span)]
    weights = np.zeros((len(places), len(spans)))
    for row, (place, number) in enumerate(places):
        weights[row, number] = 10.0 ** (spans[number][1] - 1 - place)
    return np.array([place for place, _ in places], dtype=np.intp), weights


def _days(
    year: NDArray[np.int64], month: NDArray[np.int64], day: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Return days since 1970: the year is counted from March, so that a leap day ends it."""
    early = month <= 2  # noqa: PLR2004 - January and February belong to the year before
    years = year - early
    of_year = (153 * (month + np.where(early, 9, -3)) + 2) // 5 + day - 1
    return years * 365 + years // 4 - years // 100 + years // 400 + of_year - 719468
