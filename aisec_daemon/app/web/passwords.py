"""Passwords: basic authentication against bcrypt hashes."""

from __future__ import annotations

import base64
import binascii
import hmac
import secrets
import time
from collections.abc import Mapping
from enum import Enum
from threading import BoundedSemaphore, Lock

import bcrypt

_WAITING = 4  # requests that may wait for bcrypt; the rest are sent away at once
_REST = 3.0  # after a wrong password bcrypt rests this many times as long as it worked
_REST_SECONDS = 2.0  # and no longer than this
_PASSWORD_BYTES = 72  # bcrypt reads no more


class Entry(Enum):
    """The answer to a user and a password."""

    GRANTED = "granted"
    REFUSED = "refused"
    BUSY = "busy"  # too many are being checked


class Passwords:
    """Checks users' passwords; any thread may ask.

    The right password is remembered per user as a keyed hash, so that a scrape costs no bcrypt.
    One check runs at a time, and after a wrong one comes a rest: guessing cannot take more than a
    quarter of a core. An unknown user costs as much as a wrong password.
    """

    def __init__(self, users: Mapping[str, str]) -> None:
        self._hashes = {user.encode(): known.encode() for user, known in users.items()}
        self._secret = secrets.token_bytes(32)
        self._right: dict[bytes, bytes] = {}  # by user
        self._places = BoundedSemaphore(_WAITING)
        self._turn = Lock()
        self._rest_until = 0.0

    def check(self, authorization: str) -> Entry:
        """Check the value of an Authorization header."""
        given = _credentials(authorization)
        if given is None:
            return Entry.REFUSED
        user, password = given
        mark = self._mark(user + b"\0" + password)
        if hmac.compare_digest(self._right.get(user, b""), mark):
            return Entry.GRANTED
        if not self._places.acquire(blocking=False):
            return Entry.BUSY
        try:
            with self._turn:
                return self._check(user, password, mark)
        finally:
            self._places.release()

    def _check(self, user: bytes, password: bytes, mark: bytes) -> Entry:
        """Run bcrypt once, after the rest that the last wrong password brought."""
        time.sleep(max(self._rest_until - time.monotonic(), 0.0))
        start = time.monotonic()
        known = self._hashes.get(user)
        readable = password[:_PASSWORD_BYTES].replace(b"\0", b"")  # bcrypt refuses others
        right = bcrypt.checkpw(readable, known or self._decoy(user))
        if right and known is not None and b"\0" not in password:
            self._right[user] = mark
            return Entry.GRANTED
        now = time.monotonic()
        self._rest_until = now + min(_REST * (now - start), _REST_SECONDS)
        return Entry.REFUSED

    def _decoy(self, user: bytes) -> bytes:
        """Return a hash that nothing fits, which costs what one of the known users costs."""
        known = sorted(self._hashes.values())
        chosen = known[int.from_bytes(self._mark(user)[:4], "big") % len(known)]
        return chosen[:7] + b"." * 53

    def _mark(self, data: bytes) -> bytes:
        return hmac.digest(self._secret, data, "sha256")


def _credentials(authorization: str) -> tuple[bytes, bytes] | None:
    """Return user and password of a Basic credential (RFC 7617)."""
    scheme, _, encoded = authorization.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        user, colon, password = base64.b64decode(encoded.strip(), validate=True).partition(b":")
    except (binascii.Error, ValueError):
        return None
    return (user, password) if colon else None
