"""Where an Alertmanager is."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

_API = "/api/v2/alerts"
_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True)
class Address:
    """One Alertmanager; `name` is what logs, metrics and the outbox know it by."""

    name: str
    host: str
    port: int
    path: str
    encrypted: bool

    @classmethod
    def parse(cls, url: str) -> Address:
        """Take apart `http[s]://host[:port][/prefix]`; ValueError says what is wrong with it.

        The message never repeats the whole of it: somebody may have put a password there.
        """
        if re.search(r"[^!-~]", url):
            raise ValueError("an address must be ASCII without spaces")
        parts = urlsplit(url)
        if "@" in parts.netloc:
            raise ValueError("an address must hold no user or password: see user, password_file")
        if parts.scheme not in _PORTS or not parts.hostname:
            raise ValueError("an address must look like https://alertmanager.example.org:9093")
        if parts.query or parts.fragment:
            raise ValueError(f"the address of {parts.hostname} must have no ? and no #")
        try:
            port = parts.port or _PORTS[parts.scheme]
        except ValueError as error:
            raise ValueError(f"the address of {parts.hostname} has no such port") from error
        path = parts.path.rstrip("/")
        name = f"{parts.scheme}://{parts.netloc.lower()}{path}"
        return cls(name, parts.hostname, port, path + _API, parts.scheme == "https")

    @property
    def header(self) -> str:
        """The host as HTTP's Host header has it."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"
