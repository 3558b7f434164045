"""What answers mean: which service it is, of which version, and whether it asks who you are."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from aisec_daemon.host.probe.get import Answer
from aisec_daemon.host.probe.services import Ask, Mark, Service

_UNAUTHORIZED = 401

Asking = Callable[[str], Answer | None]
"""Asks for a path; None if nobody answered, or it is too late."""


@dataclass(frozen=True)
class Measured:
    """What was measured: a service's word, "" if none was recognised; its version, "" if not told.

    `authentication` is open, protected or unknown; `answered` says whether anybody did.
    """

    service: str = ""
    version: str = ""
    authentication: str = "unknown"
    answered: bool = False


class _Conversation:
    """Asks each path once, and remembers."""

    def __init__(self, asking: Asking) -> None:
        self._asking = asking
        self.answers: dict[str, Answer | None] = {}

    def ask(self, path: str) -> Answer | None:
        if path not in self.answers:
            self.answers[path] = None if self.silent else self._asking(path)
        return self.answers[path]

    @property
    def silent(self) -> bool:
        """Say that an answer failed to come, or was no HTTP: then nothing more is asked."""
        return any(each is None or not each.status for each in self.answers.values())


def recognise(services: Iterable[Service], claimed: str, asking: Asking) -> Measured:
    """Ask the services' questions until one is recognised.

    `claimed` is the service that the program is known to be, "" if it is none that is.
    """
    talk = _Conversation(asking)
    best = Measured()
    for service in services:
        found = _judge(service, talk, claimed=service.name == claimed)
        if found.service:
            return found
        if found.authentication != "unknown":
            best = found
        if talk.silent:
            break
    answers = [each for each in talk.answers.values() if each is not None]
    if best.authentication == "unknown" and _shut(answers):
        best = Measured(authentication="protected")
    answered = any(each.status or each.refused for each in answers)
    return Measured("", "", best.authentication, answered)


def _judge(service: Service, talk: _Conversation, *, claimed: bool) -> Measured:
    """Ask one service's questions; the service's word is empty if it was not recognised."""
    known = is_open = is_protected = False
    version = ""
    for ask in service.asks:
        answer = talk.ask(ask.path)
        if answer is None:
            break
        marked = _any(ask.mark, answer)
        known |= marked
        is_open |= _any(ask.open, answer)
        is_protected |= _any(ask.protected, answer)
        version = version or _version(ask, answer)
        if ask.must and not marked:
            known = False
            break
    authentication = "unknown"
    if known and is_open:
        authentication = "open"
    elif is_protected and (known or claimed):
        authentication = "protected"
    if not known:
        return Measured(authentication=authentication)
    return Measured(service.name, version, authentication, answered=True)


def _any(marks: Iterable[Mark], answer: Answer) -> bool:
    return any(mark.fits(answer) for mark in marks)


def _version(ask: Ask, answer: Answer) -> str:
    if ask.version is None or answer.status // 100 != 2:  # noqa: PLR2004 - 2xx
        return ""
    found = ask.version.search(answer.body)
    return found[1].decode("ascii") if found else ""


def _shut(answers: Iterable[Answer]) -> bool:
    """Say whether whoever answers wants to know who asks, whatever it is."""
    statuses = [each.status for each in answers]
    if any(each.refused for each in answers):
        return True
    return _UNAUTHORIZED in statuses and not any(200 <= each < 300 for each in statuses)  # noqa: PLR2004 - 2xx
