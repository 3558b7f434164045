"""What a scraper can read, by its Accept headers (RFC 9110, section 12.5)."""

from __future__ import annotations

_OPENMETRICS = "application/openmetrics-text"


def prefers_openmetrics(accept: str) -> bool:
    """Tell whether OpenMetrics 1.0.0 is named and wanted at least as much as text format 0.0.4."""
    openmetrics = text = anything = 0.0
    for word, parameters, quality in _choices(accept):
        version = parameters.get("version", "")
        if word == _OPENMETRICS and version in {"", "1.0.0"}:
            openmetrics = max(openmetrics, quality)
        elif word == "text/plain" and version in {"", "0.0.4"}:
            text = max(text, quality)
        elif word in {"text/*", "*/*"}:
            anything = max(anything, quality)
    return openmetrics > 0 and openmetrics >= (text or anything)


def takes_gzip(accept_encoding: str) -> bool:
    """Tell whether a body may be compressed by gzip."""
    qualities = {word: quality for word, _, quality in _choices(accept_encoding)}
    return qualities.get("gzip", qualities.get("*", 0.0)) > 0


def _choices(header: str) -> list[tuple[str, dict[str, str], float]]:
    """Return each choice with its parameters and quality; what cannot be read is 0, unwanted."""
    found = []
    for part in header.split(","):
        word, *rest = (text.strip().lower() for text in part.split(";"))
        parameters = {name.strip(): value.strip(' "') for name, _, value in map(_split, rest)}
        try:
            quality = float(parameters.pop("q", "1"))
        except ValueError:
            quality = 0.0
        found.append((word, parameters, quality if 0 <= quality <= 1 else 0.0))
    return found


def _split(text: str) -> tuple[str, str, str]:
    return text.partition("=")
