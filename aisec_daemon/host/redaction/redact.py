"""Redaction: what processes say of themselves, without the secrets in it.

Whatever leaves this floor went through here. When in doubt it is hidden; names of flags, schemes,
hosts and ports are kept, so that a command can still be recognised.
"""

from __future__ import annotations

import re

from aisec_daemon.host.redaction.arguments import redact_arguments
from aisec_daemon.host.redaction.entropy import redact_opaque
from aisec_daemon.host.redaction.tokens import redact_shapes
from aisec_daemon.host.redaction.visible import decode, visible

_RAW_BYTES = 8192  # of a command line are looked at
_TEXT_LENGTH = 4096
_CUT_WORD = re.compile(rb"[^\s\0]+\Z")


def redact_command(raw: bytes) -> str:
    """Return a command line (arguments that end in NUL) as text of at most 4,096 characters."""
    cut = len(raw) > _RAW_BYTES
    if cut:
        raw = _CUT_WORD.sub(b"", raw[:_RAW_BYTES])
    arguments = decode(raw.rstrip(b"\0")).split("\0")
    return _shorten(visible(" ".join(redact_arguments(arguments))), cut)


def redact_text(raw: bytes) -> str:
    """Return any text that may hold secrets (a line of a log) by the rules of command lines."""
    return redact_command(raw.replace(b"\0", b" "))


def redact_path(raw: bytes) -> str:
    """Return the path of a file or unit; directories named by a hash (/nix/store) survive."""
    return _shorten(visible(redact_shapes(decode(raw))))


def redact_name(raw: bytes) -> str:
    """Return the name of a process or user."""
    return _shorten(visible(redact_opaque(redact_shapes(decode(raw)))))


def _shorten(text: str, cut: bool = False) -> str:
    if len(text) >= _TEXT_LENGTH:
        return text[: _TEXT_LENGTH - 1] + "…"
    return text + "…" if cut else text
