"""Secrets behind a name: NAME=VALUE, "NAME": "VALUE", ?NAME=VALUE&, and headers."""

from __future__ import annotations

import re
from collections.abc import Callable

from aisec_daemon.host.redaction.entropy import HIDDEN
from aisec_daemon.host.redaction.secret_names import is_secret_name

_ASSIGNMENT = re.compile(r"""(?<![\w.-])([\w.-]+)(["']?[=:]["']?)(?=.)""", re.DOTALL)
_HEADER = re.compile(r"""(?<![\w.-])([\w.-]+)(["']?\s*:\s+["']?)(?=\S)""")
_END = {
    '"': re.compile(r'(?<!\\)"'),
    "'": re.compile(r"(?<!\\)'"),
    "?": re.compile(r"[&#\"']"),
    ":": re.compile(r"[\n\"']"),
}


def redact_assignments(word: str) -> str:
    """Hide the values of names in a word; a value ends with the word unless a quote ends it."""
    return _hide_values(word, _ASSIGNMENT, _end_of_assigned)


def redact_headers(text: str) -> str:
    """Hide the values of names that a colon and a space follow; they end with the line or quote."""
    return _hide_values(text, _HEADER, _end_of_header)


def _hide_values(
    text: str, names: re.Pattern[str], end_of: Callable[[str, re.Match[str]], int]
) -> str:
    pieces = []
    end = 0
    for found in names.finditer(text):
        port = found[2] == ":" and text.startswith("//", found.start() - 2)
        if found.start() >= end and not port and is_secret_name(found[1]):
            pieces += [text[end : found.end()], HIDDEN]
            end = end_of(text, found)
    return "".join([*pieces, text[end:]])


def _end_of_assigned(word: str, name: re.Match[str]) -> int:
    if word[: name.start()][-1:] in ("?", "&"):
        return _search("?", word, name.end())
    return _search(name[2][-1], word, name.end()) if name[2][-1] in "\"'" else len(word)


def _end_of_header(text: str, name: re.Match[str]) -> int:
    last = name[2][-1]
    return _search(last if last in "\"'" else ":", text, name.end())


def _search(end: str, text: str, start: int) -> int:
    found = _END[end].search(text, start)
    return len(text) if found is None else found.start()
