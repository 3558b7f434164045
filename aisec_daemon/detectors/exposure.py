"""Exposure: an AI workload can be reached from outside, and does not ask who reaches it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar, NamedTuple

import numpy as np

from aisec_daemon.model import Read, Rule, Severity, Snapshot, State, StateShape, Verdict, View

_FACTS = ("asset", "address", "port", "scope", "service", "authentication", "on_gpu")
_NONE = "none"
_EXPOSED = ("public", "private")
_CONTROL = {
    "code": "; whoever reaches it runs code here",
    "data": "; whoever reaches it changes and deletes what it keeps",
    "prompts": "; whoever reaches it uses the model at your cost",
}
_UNMEASURED = {
    "unknown": "its answers do not tell whether it lets anybody in",
    "not_probed": "it was not asked whether it lets anybody in",
}


class _Words(NamedTuple):
    """What is asked of a row; None: could not be read."""

    scope: str | None
    authentication: str | None
    on_gpu: str | None
    service: str | None
    control: str | None


class _Judged(NamedTuple):
    """The severity of a row: None if it is fine; `known` is false if that cannot be told."""

    severity: Severity | None
    known: bool = True


@dataclass(frozen=True)
class Exposure:
    """Holds scope, measured authentication, and what the service hands out, against each other.

    Loopback, ports inside a container's network alone, and whatever asks for authentication are
    fine.
    """

    rule: ClassVar[Rule] = Rule(
        "exposure",
        title="An AI service is open to others",
        severity=Severity.CRITICAL,
        technique="T1133, AML.T0049",
        benign="A service behind a firewall or a gateway that the node does not see; a demo that "
        "is meant to be public.",
        hold=30.0,
        quiet=60.0,
    )
    memory: ClassVar[StateShape | None] = None
    peers: ClassVar[bool] = False

    unmeasured_public: Annotated[
        str, "severity where authentication was not measured on a public port; none for no finding"
    ] = "warning"
    unmeasured_private: Annotated[str, "the same on a private port of a known service"] = "info"
    nameless_private: Annotated[
        str, "the same on a private port of a program that is no known service"
    ] = _NONE
    open_private: Annotated[
        str, "severity of an open private port off GPUs that hands out no code"
    ] = "warning"

    def __post_init__(self) -> None:
        words = {_NONE, *(severity.word for severity in Severity)}
        for name in ("unmeasured_public", "unmeasured_private", "nameless_private", "open_private"):
            if getattr(self, name) not in words:
                raise ValueError(f"{name} must be one of: {', '.join(sorted(words))}")

    @property
    def reads(self) -> tuple[Read, ...]:
        """Every reading of the listening sockets calls it."""
        return (Read("listener"),)

    def __call__(self, state: State, *views: View | None) -> tuple[State, Verdict]:
        """Judge every listener; those of one workload are one case."""
        (given,) = views
        if given is None:
            return state, Verdict((), np.empty(0))
        now = given.latest
        rows = list(map(_Words, *(now.labels[name] for name in _Words._fields)))
        known = {words: self._judge(words) for words in set(rows)}
        judged = [known[words] for words in rows]
        score = [
            np.nan if not one.known else 0.0 if one.severity is None else 1.0 + one.severity
            for one in judged
        ]
        return state, Verdict(
            now.subjects,
            np.array(score, dtype=np.float64),
            {name: tuple(word or "" for word in now.labels[name]) for name in _FACTS},
            tuple(
                "" if one.severity is None else _reason(now, row) for row, one in enumerate(judged)
            ),
            tuple(map(_key, *(now.labels[name] for name in ("identity", "asset")), now.subjects)),
            tuple(self.rule.severity if one.severity is None else one.severity for one in judged),
        )

    def _judge(self, words: _Words) -> _Judged:
        """Say how bad it is; not known if a word is unread that could make a difference."""
        if words.authentication == "protected" or words.scope not in (None, *_EXPOSED):
            return _Judged(None)
        if words.scope is None or words.authentication is None:
            return _Judged(None, known=False)
        if words.authentication == "open":
            return self._judge_open(words)
        unmeasured = self.unmeasured_private if words.service else self.nameless_private
        return _Judged(_severity(self.unmeasured_public if words.scope == "public" else unmeasured))

    def _judge_open(self, words: _Words) -> _Judged:
        if words.on_gpu is None:
            return _Judged(None, known=False)
        if words.on_gpu == "yes":
            return _Judged(Severity.CRITICAL)
        if words.scope == "public" or words.control == "code":
            return _Judged(Severity.HIGH)
        return _Judged(_severity(self.open_private))


def _severity(word: str) -> Severity | None:
    return None if word == _NONE else Severity[word.upper()]


def _key(identity: str | None, asset: str | None, subject: str) -> str:
    """Return the case: the workload, whatever its pids, ports and containers are now."""
    return identity or asset or subject


def _reason(now: Snapshot, row: int) -> str:
    """Say which service it is, who can reach it, and what that means."""
    words = {name: column[row] or "" for name, column in now.labels.items()}
    service = " ".join(filter(None, (words["service"], words["version"]))) or "a program"
    who = [words["executable"], words["user"] and f"user {words['user']}"]
    who.append(words["container"] and f"container {words['container'][:12]}")
    about = ", ".join(filter(None, who))
    reason = f"{service} ({about})" if about else service
    reason += f" listens on port {words['port']} of {words['address']} ({words['scope']})"
    reason += ", works on a GPU" if words["on_gpu"] == "yes" else ""
    if words["authentication"] == "open":
        return f"{reason} and lets anybody in{_CONTROL.get(words['control'], '')}"
    return f"{reason}; {_UNMEASURED.get(words['authentication'], _UNMEASURED['unknown'])}"
