"""Text of unknown origin in alerts: one line, always valid Unicode, of bounded length."""

from __future__ import annotations


def plain(text: str, length_max: int) -> str:
    r"""Escape what cannot be seen (\x1b, \u202e, lone surrogates) and cut what is too long."""
    shown = "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text[:length_max])
    whole = len(text) <= length_max and len(shown) <= length_max
    return shown if whole else f"{shown[: length_max - 1]}…"
