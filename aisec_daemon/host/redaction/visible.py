"""Text of unknown origin, made safe to look at."""

from __future__ import annotations

import re

# Control characters, surrogates (bytes that were no UTF-8), what sets the direction of text, what
# has no width: general categories Cc, Cs, Cf and the two separators of lines.
_INVISIBLE = re.compile(
    "[\x00-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff"
    "\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e007f]"
)


def decode(raw: bytes) -> str:
    """Decode; bytes that are no UTF-8 become surrogates until `visible` shows them."""
    return raw.decode("utf-8", "surrogateescape")


def visible(text: str) -> str:
    r"""Replace characters that cannot be seen by escapes (\x1b, \u202e); the rest stays as it is.

    The result is always valid UTF-8, and on one line.
    """
    return _INVISIBLE.sub(_escape, text)


def _escape(found: re.Match[str]) -> str:
    code = ord(found[0])
    if 0xDC80 <= code <= 0xDCFF:  # noqa: PLR2004 - bytes 0x80 to 0xff, see PEP 383
        code -= 0xDC00
    if code > 0xFFFF:  # noqa: PLR2004 - what four digits hold
        return f"\\U{code:08x}"
    return f"\\u{code:04x}" if code > 0xFF else f"\\x{code:02x}"  # noqa: PLR2004 - two digits
