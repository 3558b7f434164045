"""Passwords and tokens, which live in files and are read when they are needed."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from pathlib import Path

_BYTES_MAX = 65536


class CredentialError(Exception):
    """A secret that cannot be used; the message names its file and never what is in it."""


@dataclass(frozen=True)
class Secret:
    """The value of an Authorization header, and all that must not be repeated of it."""

    header: str = field(repr=False)
    words: tuple[str, ...] = field(repr=False)

    def blotted(self, text: str) -> str:
        """Return a text without this secret."""
        for word in self.words:
            text = text.replace(word, "…")
        return text


@dataclass(frozen=True)
class Credentials:
    """Where the secrets are: a user's password, or a bearer token, or neither."""

    user: str = ""
    password_file: str = ""
    token_file: str = ""

    def __post_init__(self) -> None:
        if bool(self.user) != bool(self.password_file):
            raise ValueError("user and password_file belong together")
        if self.user and self.token_file:
            raise ValueError("give user and password_file, or token_file, not both")
        if ":" in self.user:
            raise ValueError("user must have no colon: HTTP's basic authentication has no room")

    def read(self) -> Secret | None:
        """Read the secret as it is now; CredentialError if there should be one and is not."""
        if self.token_file:
            token = _read(self.token_file)
            if not token.isascii() or not token.isprintable() or " " in token:
                raise CredentialError(f"{self.token_file} must hold one word of ASCII, the token")
            return Secret(f"Bearer {token}", (token,))
        if self.password_file:
            password = _read(self.password_file)
            pair = base64.b64encode(f"{self.user}:{password}".encode()).decode()
            return Secret(f"Basic {pair}", (pair, password))
        return None


def _read(file: str) -> str:
    """Return what is in a file, less the newline at its end."""
    try:
        with Path(file).open("rb") as stream:
            content = stream.read(_BYTES_MAX + 1)
    except OSError as error:
        raise CredentialError(f"cannot read {file}: {error.strerror}") from error
    if len(content) > _BYTES_MAX:
        raise CredentialError(f"{file} is too long for a secret")
    try:
        secret = content.decode()
    except UnicodeDecodeError:
        raise CredentialError(f"{file} is not UTF-8") from None  # the error holds the bytes
    secret = secret.removesuffix("\n").removesuffix("\r")
    if not secret:
        raise CredentialError(f"{file} is empty")
    return secret
