"""What an asset was seen to read, write and talk to since it started: a bounded memory."""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass, field
from typing import NamedTuple

from aisec_daemon.host.flow.storage import Storage

SINGLES = 3  # files of one kind in one folder that have rows of their own
_STEP = re.compile(r"((?:checkpoint|step|epoch|iter|global_step|version)[-_=]?)\d+", re.IGNORECASE)
_TEXT_LENGTH = 512
READ, WRITE = 1, 2
DIRECTIONS = "out", "read", "write", "both"


class Target(NamedTuple):
    """What a flow leads to: `kind` is model, dataset or service.

    `place` is the folder of files, or the address or name of a service; `format` the ending of the
    files, empty for a folder that is told as a whole; `name` what a service is called, `scope`
    where it is, `evidence` what told of it.
    """

    kind: str
    place: str
    format: str = ""
    storage: Storage = Storage()
    name: str = ""
    scope: str = ""
    evidence: str = ""


@dataclass(slots=True)
class Flow:
    """One target: when it was seen first and last, in which direction (bits), and what is open now.

    `names` holds the directions of the files by their names, None once they are too many to be
    told one by one; `open` the names and sizes of those that are open now, `connections` how many.
    """

    first: float
    last: float
    direction: int = 0
    names: dict[str, int] | None = field(default_factory=dict)
    open: dict[bytes, tuple[str, float]] = field(default_factory=dict)
    connections: int = 0

    def see(self, name: str, key: bytes, direction: int, size: float) -> None:
        """Note a file that is open; `key` tells it from others of its name."""
        self.direction |= direction
        self.open[key] = name, size
        if self.names is not None:
            self.names[name] = self.names.get(name, 0) | direction
            if len(self.names) > SINGLES or len(self.open) > SINGLES:
                self.names = None


class Seen:
    """The flows of one asset; at most `most` of a kind, the longest unseen go first.

    What found no room in a turn is counted in `left_out`.
    """

    def __init__(self, most: int) -> None:
        self.flows: dict[Target, Flow] = {}
        self.left_out = 0
        self._most = most

    def turn(self) -> None:
        """Begin a turn: nothing is open until it is seen."""
        self.left_out = 0
        for flow in self.flows.values():
            flow.open, flow.connections = {}, 0

    def see(self, target: Target, now: float) -> Flow | None:
        """Return the flow to a target, a new one if there is room; None and counted if not."""
        flow = self.flows.get(target)
        if flow is None:
            if not self._room(target.kind, now):
                self.left_out += 1
                return None
            whole = target.kind != "service" and not target.format
            flow = self.flows[target] = Flow(now, now, names=None if whole else {})
        flow.last = now
        return flow

    def _room(self, kind: str, now: float) -> bool:
        """Make room among the flows of a kind: of those not seen now, the oldest goes."""
        same = [(flow.last, target) for target, flow in self.flows.items() if target.kind == kind]
        if len(same) < self._most:
            return True
        last, target = min(same, key=lambda pair: pair[0])
        if last >= now:
            return False
        del self.flows[target]
        return True


def folder_and_name(path: str) -> tuple[str, str]:
    """Split a path; the numbers of checkpoints and epochs in its folder are left out."""
    folder, name = posixpath.split(path)
    return _STEP.sub(r"\1*", folder)[:_TEXT_LENGTH], name[:_TEXT_LENGTH]
