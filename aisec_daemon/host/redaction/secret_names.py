"""Names whose values are secrets: of flags, variables, parameters and headers."""

from __future__ import annotations

import re

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_ANYWHERE = re.compile(
    r"passw|passphrase|passcode|secret|credential|authoriz|bearer|cookie|requirepass|masterauth"
    r"|(?:api|access|private|auth|signing|encryption|account|license|master|shared|storage)key"
)
_LAST = re.compile(
    r".*(?:token|pass|pwd|auth|webhook)|key|pw|psw|cred|creds|pin|otp|jwt|sas|sig|signature|literal"
)
# The last word of a name that tells where a secret lies, or how long it is, but not what it is.
_ABOUT = (
    frozenset(
        (
            "class",
            "count",
            "dir",
            "directory",
            "enabled",
            "endpoint",
            "env",
            "expiry",
            "file",
            "jar",
        )
    )
    | frozenset(
        ("len", "length", "method", "mode", "name", "path", "policy", "provider", "size", "stdin")
    )
    | frozenset(("timeout", "ttl", "type", "url"))
)
_BARE = frozenset(("password", "passwd", "passphrase", "requirepass", "masterauth", "bearer"))


def is_secret_name(name: str) -> bool:
    """Tell by the words of a name in any spelling: `--api-key`, `DB_PASSWORD`, `App.token`.

    Numbers of tokens (`--max-tokens`) and tokenizers are no secrets, nor are files that hold one.
    """
    words = [word.lower() for word in _WORD.findall(name)]
    if not words or words[-1] in _ABOUT:
        return False
    return bool(_ANYWHERE.search("".join(words)) or _LAST.fullmatch(words[-1]))


def is_secret_word(word: str) -> bool:
    """Tell whether a plain word announces a secret: `requirepass X`."""
    return word.lower().strip("\"':=") in _BARE
