"""Requests: from the bytes of a head to what was asked (RFC 9112)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

HEAD_BYTES = 16_384

_LINE = re.compile(r"([!#$%&'*+.^_`|~0-9A-Za-z-]+) (\S+) HTTP/(\d)\.(\d)")
_FIELD = re.compile(r"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*(.*?)[ \t]*")
_HTTP_1 = "1"


class RequestError(ValueError):
    """A head that is no request, and the status that answers it."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True)
class Request:
    """What was asked: `path` without its query, `headers` by lower-case name."""

    method: str
    path: str
    headers: Mapping[str, str] = field(default_factory=dict)

    def header(self, name: str) -> str:
        """Return a header's value, or the empty string."""
        return self.headers.get(name.lower(), "")

    @property
    def has_body(self) -> bool:
        """Whether more follows the head."""
        return self.header("content-length") not in {"", "0"} or bool(
            self.header("transfer-encoding")
        )


def parse_head(head: bytes) -> Request:
    """Parse a request line and its fields; RequestError if they are none."""
    first, *rest = head.decode("latin-1").replace("\r\n", "\n").rstrip("\n").split("\n")
    line = _LINE.fullmatch(first)
    if line is None:
        raise RequestError(400, "this is not an HTTP request")
    method, target, major, _ = line.groups()
    if major != _HTTP_1:
        raise RequestError(505, "this server speaks HTTP/1.1")
    headers: dict[str, str] = {}
    for text in rest:
        found = _FIELD.fullmatch(text)
        if found is None:
            raise RequestError(400, "a header field is malformed")
        name, value = found[1].lower(), found[2]
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return Request(method, _path(target), headers)


def _path(target: str) -> str:
    """Return the path of a target in origin form or, as proxies send it, in absolute form."""
    target = target.partition("?")[0]
    _, scheme, rest = target.partition("://")
    if scheme and not target.startswith("/"):
        target = "/" + rest.partition("/")[2]
    return target
