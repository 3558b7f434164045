"""A story of findings and one Alertmanager, told with time as data."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime

from aisec_daemon.journal.tail import Tail
from aisec_daemon.model import Change, Finding, Status
from aisec_daemon.model.exposition import Board
from aisec_daemon.sinks.alerting.answer import Answer, Outcome
from aisec_daemon.sinks.alerting.courier import Courier
from aisec_daemon.sinks.alerting.delivery import Delivery
from aisec_daemon.sinks.alerting.policy import Policy
from aisec_daemon.sinks.alerting.tally import Tally
from aisec_daemon.sinks.alerting.wording import Wording
from tests.journal.findings import finding, tick

POLICY = Policy(resend=60, expire=3600, firing=330, repeat=120, batch=64)
TAKEN = Answer(Outcome.TAKEN, "200")
DOWN = Answer(Outcome.LATER, "refused", "nothing listens there")


@dataclass(frozen=True)
class Told:
    """One alert of one request that was taken."""

    time: float
    finding: str
    severity: str
    state: str  # firing, or resolved as of `ends`
    starts: float
    ends: float
    content: dict


@dataclass
class Story:
    """`at(60).opens("miner")`, then `told(90, 120)`; between times the courier takes its turns."""

    policy: Policy = POLICY
    answer: Answer = TAKEN
    now: float = 0.0
    ahead: float | Iterator[float] | None = None  # of our clock is the receiver's; None: unsaid
    requests: list[tuple[float, str]] = field(default_factory=list)
    heard: list[Told] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.outbox = Tail()
        self.board = Board()
        self.open: dict[str, Finding] = {}
        self.courier = self.new_courier()

    def new_courier(self) -> Courier:
        """Return the courier of a daemon that has just started."""
        return Courier(
            "http://am:9093",
            self.outbox,
            Delivery(self.policy, Wording("node7")),
            self._post,
            Tally(self.board, "http://am:9093"),
            patience=120,
            seed="node7",
        )

    def at(self, time: float) -> Story:
        """Go on to a time, taking every turn on the way."""
        due = self.now
        while due <= time:
            self.now = due
            due = max(self.courier.turn(due, tuple(self.open.values())), due + 0.001)
        self.now = time
        return self

    def opens(self, name: str, **more) -> Story:
        self.open[name] = finding(name, opened=self.now, since=self.now, **more)
        return self._happens("opened", self.open[name])

    def changes(self, name: str, **more) -> Story:
        self.open[name] = replace(self.open[name], **more)
        return self._happens("changed", self.open[name])

    def closes(self, name: str) -> Story:
        closed = replace(self.open.pop(name), status=Status.CLOSED, closed=self.now)
        return self._happens("closed", closed)

    def goes_down(self, answer: Answer = DOWN) -> Story:
        self.answer = answer
        return self

    def comes_back(self) -> Story:
        self.answer = TAKEN
        return self

    def restarts(self) -> Story:
        """Let the daemon start anew: it remembers what the outbox holds, and no more."""
        self.courier = self.new_courier()
        return self

    def told(self, begin: float = 0.0, end: float = math.inf) -> list[str]:
        """Return what was told in a span, a word each: `miner firing`, without repetitions."""
        words = (f"{t.finding} {t.state}" for t in self.heard if begin <= t.time <= end)
        return list(dict.fromkeys(words))

    def of(self, name: str) -> list[Told]:
        return [told for told in self.heard if told.finding == name]

    def _happens(self, what: str, of: Finding) -> Story:
        self.outbox(tick(Change(self.now, what, of), open_now=tuple(self.open.values())))
        return self.at(self.now)

    def _post(self, body: bytes) -> Answer:
        self.requests.append((self.now, self.answer.code))
        if self.answer.outcome is Outcome.TAKEN:
            self.heard += [self._told(content) for content in json.loads(body)]
        ahead = next(self.ahead) if isinstance(self.ahead, Iterator) else self.ahead
        return replace(self.answer, date=math.nan if ahead is None else self.now + ahead)

    def _told(self, content: dict) -> Told:
        starts, ends = seconds(content["startsAt"]), seconds(content["endsAt"])
        ahead = self.ahead if isinstance(self.ahead, float) else 0.0
        state = "firing" if ends > self.now + ahead else "resolved"
        labels = content["labels"]
        return Told(self.now, labels["finding"], labels["severity"], state, starts, ends, content)


def seconds(text: str) -> float:
    return datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()
