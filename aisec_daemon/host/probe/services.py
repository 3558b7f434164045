"""The classes of services that can be asked, from the package's data file `services.toml`."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from aisec_daemon.host.probe.get import Answer

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

# Nothing but this leaves the host floor of what a service says of its version.
_VERSION = (
    r"(\d{1,4}(?:\.\d{1,8}){1,3}(?:[.-]?(?:a|b|rc|dev|post|alpha|beta)\.?\d{0,8}){0,2})"
    r"(?:\+[0-9A-Za-z.]{1,32})?(?=[\"<]|\s*\Z)"
)


@dataclass(frozen=True)
class Mark:
    """One line of marks: all of it must hold."""

    status: int
    head: tuple[re.Pattern[bytes], ...]
    body: tuple[re.Pattern[bytes], ...]

    def fits(self, answer: Answer) -> bool:
        """Say whether it holds of an answer."""
        return (
            answer.status == self.status
            and all(pattern.search(answer.head) for pattern in self.head)
            and all(pattern.search(answer.body) for pattern in self.body)
        )


@dataclass(frozen=True)
class Ask:
    """One question, and what its answer may mean."""

    path: str
    mark: tuple[Mark, ...]
    must: bool
    open: tuple[Mark, ...]
    protected: tuple[Mark, ...]
    version: re.Pattern[bytes] | None


@dataclass(frozen=True)
class Service:
    """A class of services: its word, what it controls, usually listens on and is asked.

    `elsewhere` says whether its program may be asked on other ports, too.
    """

    name: str
    control: str
    ports: frozenset[int]
    elsewhere: bool
    asks: tuple[Ask, ...]


@cache
def services() -> Mapping[str, Service]:
    """Return all classes by name, in the order of the file."""
    file = resources.files(__package__).joinpath("services.toml")
    content = tomllib.loads(file.read_text(encoding="utf-8"))
    return {
        name: Service(
            name,
            entry["control"],
            frozenset(entry["ports"]),
            entry.get("elsewhere", True),
            tuple(map(_ask, entry["ask"])),
        )
        for name, entry in content.items()
    }


def _ask(entry: Mapping[str, Any]) -> Ask:
    version = entry.get("version")
    return Ask(
        entry["path"],
        tuple(map(_mark, entry.get("mark", ()))),
        entry.get("must", False),
        tuple(map(_mark, entry.get("open", ()))),
        tuple(map(_mark, entry.get("protected", ()))),
        None if version is None else re.compile((version + _VERSION).encode()),
    )


def _mark(entry: Mapping[str, Any]) -> Mark:
    return Mark(
        entry["status"],
        tuple(re.compile(each.encode(), re.IGNORECASE) for each in entry.get("head", ())),
        tuple(re.compile(each.encode()) for each in entry.get("body", ())),
    )
