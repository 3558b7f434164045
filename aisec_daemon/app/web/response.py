"""Responses: what is sent back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from time import gmtime, strftime

SECURITY = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "deny",
}
"""On every response, unless the response or the operator's file says otherwise."""

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]


@dataclass(frozen=True)
class Response:
    """A status, its headers and its body."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def sentence(cls, status: int, text: str = "", **headers: str) -> Response:
        """Answer in plain words; a header's name is written with underscores."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        plain = {"Content-Type": "text/plain; charset=utf-8"}
        body = (text or HTTPStatus(status).phrase) + "\n"
        return cls(status, body.encode(), {**plain, **named})

    def encode(self, extra: Mapping[str, str], *, head_only: bool) -> bytes:
        """Return the bytes to send; `extra` are the operator's headers."""
        headers = {
            "Date": _date(),
            "Connection": "close",
            **SECURITY,
            **self.headers,
            **extra,
            "Content-Length": str(len(self.body)),
        }
        lines = [f"HTTP/1.1 {self.status} {HTTPStatus(self.status).phrase}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        head = "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n"
        return head if head_only else head + self.body


def _date() -> str:
    """Return the time as HTTP writes it (RFC 9110, section 5.6.7), whatever the locale."""
    now = gmtime()
    day, month = _DAYS[now.tm_wday], _MONTHS[now.tm_mon - 1]
    return strftime(f"{day}, %d {month} %Y %H:%M:%S GMT", now)
