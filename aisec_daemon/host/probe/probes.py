"""Which listeners were asked, when, and what they said."""

from __future__ import annotations

import math
import subprocess
import time
from collections.abc import Iterable
from dataclasses import dataclass
from errno import errorcode
from pathlib import Path
from threading import Lock

from aisec_daemon.host.network.listener import Listener
from aisec_daemon.host.probe.measuring import (
    Permission,
    candidates,
    measure,
    target,
)
from aisec_daemon.host.probe.namespace import measure_inside
from aisec_daemon.host.probe.recognition import Measured
from aisec_daemon.host.probe.services import Service
from aisec_daemon.host.tally import Call, Tally

_TURN_SECONDS = 2.0  # after which nobody more is asked in one turn
_AGAIN_SECONDS = (60.0, 600.0, 3600.0)  # between attempts at one that does not answer

_Image = tuple[str, str | None, str | None]


@dataclass(frozen=True)
class Probed:
    """What is known of a listener's service.

    `authentication` is open, protected, unknown or not_probed; None if it is still to be asked.
    `version` is None unless a service was recognised. `asked_at` is when it was asked last,
    `seconds` how long that took: NaN if it never was.
    """

    service: str = ""
    version: str | None = None
    authentication: str | None = "not_probed"
    asked_at: float = math.nan
    seconds: float = math.nan


@dataclass
class _Known:
    probed: Probed
    answered: bool
    attempts: int
    begun: float  # by time.monotonic


class Probes:
    """Asks each listener once per program image; one that did not answer three times more.

    Safe between threads.
    """

    def __init__(self, root: Path, tally: Tally) -> None:
        self._proc = root / "proc"
        self._tally = tally
        self._lock = Lock()
        self._permission = Permission()
        self._known: dict[_Image, _Known] = {}

    def read(
        self, listeners: Iterable[Listener], permission: Permission, now: float
    ) -> list[Probed]:
        """Return what is known of each, in their order; ask those that are new, for a while."""
        with self._lock:
            if permission != self._permission:
                self._permission, self._known = permission, {}
            end = time.monotonic() + _TURN_SECONDS
            known: dict[_Image, _Known] = {}
            found = []
            for each in listeners:
                asked = candidates(each, permission) if permission.classes else ()
                if not asked:
                    found.append(Probed())
                    continue
                image = _image(each)
                state = self._known.get(image)
                if time.monotonic() < end and _due(state):
                    state = self._ask(each, asked, state, now)
                if state is not None:
                    known[image] = state
                found.append(state.probed if state else Probed(authentication=None))
            self._known = known
            return found

    def _ask(
        self, listener: Listener, asked: tuple[Service, ...], before: _Known | None, now: float
    ) -> _Known:
        begun = time.monotonic()
        measured = self._measure(listener, asked)
        spent = time.monotonic() - begun
        code = "OK" if measured.answered else "no answer"
        self._tally.add(Call("probe", "ask", code), seconds=spent)
        probed = Probed(measured.service, measured.version, measured.authentication, now, spent)
        return _Known(probed, measured.answered, before.attempts + 1 if before else 1, begun)

    def _measure(self, listener: Listener, asked: tuple[Service, ...]) -> Measured:
        where = target(listener)
        if where is None:
            self._tally.add(Call("probe", "ask", "address not of this machine"))
            return Measured()
        claimed = listener.workload.service
        if listener.own:
            return measure(where, asked, claimed)
        try:
            return measure_inside(self._proc, listener.workload.identity, where, asked, claimed)
        except OSError as error:
            code = errorcode.get(error.errno or 0, "EIO")
        except (ValueError, TypeError, subprocess.SubprocessError):
            code = "malformed"
        self._tally.add(Call("probe", "namespace", code))
        return Measured()


def _image(listener: Listener) -> _Image:
    identity = listener.workload.identity
    return listener.subject, identity.executable, identity.command_hash


def _due(state: _Known | None) -> bool:
    """Say whether it is to be asked: never yet, or it did not answer and some time has gone."""
    if state is None:
        return True
    if state.answered or state.attempts > len(_AGAIN_SECONDS):
        return False
    return time.monotonic() - state.begun >= _AGAIN_SECONDS[state.attempts - 1]
