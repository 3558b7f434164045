"""How flat a series is, and whether it repeats itself."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

LEAST = 8  # values below which nothing is said


def flatness(window: Floats) -> Floats:
    """Return the spread between a tenth and nine tenths over the median's size, (S,).

    `window` (T, S), NaN left out. 0 is flat; NaN of fewer than eight values or around zero.
    """
    known = (~np.isnan(window)).sum(axis=0)
    ordered = np.sort(window, axis=0)
    low, middle, high = (_at(ordered, known, share) for share in (0.1, 0.5, 0.9))
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = (high - low) / np.abs(middle)
    return np.where((known >= LEAST) & (middle != 0), ratio, np.float32(np.nan))


def period(window: Floats) -> tuple[Floats, Floats]:
    """Return the samples after which each series repeats itself, and how well: two (S,).

    The lag, at most half the window and beyond the first at which the autocorrelation is negative,
    at which it is largest, and that autocorrelation. `window` (T, S); a series with a NaN, fewer
    than eight values, no variation or no such lag has NaN for both.
    """
    length, series = window.shape
    nan = np.full(series, np.nan, np.float32)
    if length < LEAST:
        return nan, nan
    known = ~np.isnan(window).any(axis=0)
    correlation = autocorrelation(window)
    lags = np.arange(len(correlation))[:, None]
    crossed = np.maximum.accumulate(correlation < 0, axis=0)
    eligible = np.where(crossed & known & (lags > 0), correlation, np.float32(-np.inf))
    best = eligible.argmax(axis=0)
    strength = np.take_along_axis(eligible, best[None], axis=0)[0]
    found = np.isfinite(strength)
    return (
        np.where(found, best.astype(np.float32), nan),
        np.where(found, strength, nan),
    )


def autocorrelation(window: NDArray[np.floating]) -> Floats:
    """Return the autocorrelation at each lag up to half the window, (T // 2 + 1, S).

    NaN where a series has NaN or never moves. Each lag's mean product is over the pairs there are,
    so that a perfect repetition has 1.
    """
    length = len(window)
    lags = length // 2 + 1
    series = np.ascontiguousarray(window.T, dtype=np.float64)  # each in one piece: quicker
    around = series - series.mean(axis=1, keepdims=True)
    padded = 1 << (length + lags - 2).bit_length()  # so that none of these lags wraps; fast
    spectrum = np.fft.rfft(around, n=padded)
    power = spectrum.real**2 + spectrum.imag**2
    products = np.fft.irfft(power, n=padded)[:, :lags]
    pairs = np.arange(length, length - lags, -1)
    tiny = 1e-12 * (series**2).mean(axis=1, keepdims=True)
    variance = products[:, :1] / length
    with np.errstate(divide="ignore", invalid="ignore"):
        correlation = products / pairs / np.where(variance > tiny, variance, np.nan)
    return np.transpose(correlation.astype(np.float32))


def _at(ordered: Floats, known: NDArray[np.intp], share: float) -> Floats:
    """Return the value below which `share` of each series' known values lie."""
    place = np.maximum(np.ceil(share * known).astype(np.intp) - 1, 0)
    value: Floats = np.take_along_axis(ordered, place[None], axis=0)[0]
    return value


def decorrelation(window: NDArray[np.floating]) -> NDArray[np.intp]:
    """Return the first lag at which each series is as good as uncorrelated, (S,).

    That is where the autocorrelation is within its own noise, two over the root of the length;
    half the length if it never is.
    """
    length = len(window)
    correlation = autocorrelation(window)[: max(length // 2, 1)]
    small = np.abs(correlation) < 2.0 / np.sqrt(length)
    found: NDArray[np.intp] = np.where(small.any(axis=0), small.argmax(axis=0), length // 2)
    return found
