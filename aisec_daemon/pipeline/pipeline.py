"""The step: everything that happens to one snapshot, in order."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from functools import partial

from aisec_daemon.detectors import Detector
from aisec_daemon.model import Change, Read, Snapshot, State, Table, Tick, Verdict, View
from aisec_daemon.model.allow import Allow
from aisec_daemon.pipeline.casebook import CHANGED, Casebook
from aisec_daemon.pipeline.evidence import gather
from aisec_daemon.pipeline.history import History
from aisec_daemon.pipeline.rates import GAP_PERIODS, increase

Judge = Callable[[], tuple[State, Verdict]]
Guard = Callable[[str, Judge], tuple[State, Verdict] | None]


def _unguarded(_: str, judge: Judge) -> tuple[State, Verdict]:
    return judge()


class Pipeline:
    """Snapshot in, tick out; the same for a live node, a recording and a test.

    `periods` gives each table's seconds between snapshots; a counter's rise over more than four
    of them is a gap. `guard(rule, judge)` calls a detector: the daemon's measures it and returns
    None when it fails, so that one faulty detector stops no other. Not safe between threads: one
    thread steps.
    """

    def __init__(
        self,
        tables: Mapping[str, Table],
        detectors: Sequence[Detector],
        periods: Mapping[str, float],
        allows: Sequence[Allow] = (),
        guard: Guard = _unguarded,
    ) -> None:
        self.casebook = Casebook(allows)
        self._guard = guard
        self._detectors = tuple(detectors)
        self._states = {
            d.rule.name: State.empty(d.memory) for d in detectors if d.memory is not None
        }
        self._periods = periods
        self._reads = {detector.rule.name: detector.reads for detector in detectors}
        self._needed = {
            rule: [read for read in reads if read.needed] for rule, reads in self._reads.items()
        }
        self._calls: dict[str, list[tuple[Detector, Read]]] = {}
        for detector in detectors:
            for at, read in enumerate(self._reads[detector.rule.name]):
                if at == 0 or read.wakes:
                    self._calls.setdefault(read.table, []).append((detector, read))
        self._approved: dict[str, Snapshot] = {}
        reads = [read for some in self._reads.values() for read in some]
        self._histories = {
            name: History(table, [r for r in reads if r.table == name], periods.get(name, 1.0))
            for name, table in tables.items()
        }

    @property
    def detectors(self) -> tuple[Detector, ...]:
        """The detectors, in the order in which they are asked."""
        return self._detectors

    @property
    def rules(self) -> frozenset[str]:
        """The names of the detectors' rules."""
        return frozenset(detector.rule.name for detector in self._detectors)

    @property
    def states(self) -> dict[str, State]:
        """What detectors remember, by rule; what is put here they go on with."""
        return self._states

    def inherit(self, previous: Pipeline) -> None:
        """Go on where another pipeline with other settings stopped.

        Cases of rules that are gone are dropped; a past is kept where the same of it is wanted.
        """
        cases = previous.casebook.cases
        self.casebook.restore(case for case in cases if case.finding.rule.name in self.rules)
        self._states.update({k: v for k, v in previous.states.items() if k in self._states})
        self._approved = previous._approved  # another of its kind
        for name, history in previous._histories.items():
            self._histories[name].inherit(history)

    def latest(self, table: str) -> Snapshot | None:
        """Return the last snapshot of a table."""
        return self._histories[table].latest

    def approve(self, approved: Mapping[str, Snapshot]) -> None:
        """Compare with these rows of each table from now on, in place of those before."""
        self._approved = dict(approved)

    @property
    def evicted(self) -> int:
        """Subjects whose past had to go for want of room."""
        return sum(history.evicted for history in self._histories.values())

    def step(self, snapshot: Snapshot) -> Tick:
        """Take one snapshot through history, detectors and casebook."""
        name = snapshot.table.name
        history = self._histories[name]
        gap = GAP_PERIODS * self._periods.get(name, 1.0)
        before = history.latest
        history.add(snapshot, self._holding)
        changes: list[Change] = []
        for detector, call in self._calls.get(name, ()):
            if call.due(before.time if before else None, snapshot.time):
                changes += self._ask(detector, snapshot)
        changes += self.casebook.review(snapshot.time)
        risen = partial(increase, before, snapshot, gap)
        return Tick(snapshot.time, snapshot, risen, tuple(changes), self.casebook.open)

    def _holding(self) -> Collection[str]:
        """Subjects of any table that hold a GPU: rows of `gpu_process`, and their processes."""
        history = self._histories.get("gpu_process")
        if history is None or history.latest is None:
            return ()
        latest = history.latest
        return {*latest.subjects, *(word for word in latest.labels["process"] if word)}

    def _ask(self, detector: Detector, snapshot: Snapshot) -> list[Change]:
        """Let one detector judge; a fault of its own changes nothing."""
        rule = detector.rule
        for read in self._needed[rule.name]:
            if self._rows(read) is None:
                return []
        views = [self._view(read, snapshot.time) for read in self._reads[rule.name]]
        state = self._states.get(rule.name) or State((), snapshot.values[:0, :0])
        answer = self._guard(rule.name, lambda: detector(state, *views))
        if answer is None:
            return []
        after, verdict = answer
        if detector.memory is not None:
            self._states[rule.name] = after
        changes = self.casebook.fold(rule, verdict, snapshot, snapshot.time)
        return [_proven(change, views) for change in changes]

    def _rows(self, read: Read) -> Snapshot | None:
        """Return the rows that a detector wants to see, None if there are none yet."""
        if read.approved:
            return self._approved.get(read.table)
        return self._histories[read.table].latest

    def _view(self, read: Read, time: float) -> View | None:
        if not read.approved:
            return self._histories[read.table].view(read, time)
        approved = self._rows(read)
        return None if approved is None else View.of(approved, time)


def _proven(change: Change, views: Sequence[View | None]) -> Change:
    """Return a change with what it was judged from."""
    evidence = gather(views, change.finding, past=change.what != CHANGED)
    return replace(change, evidence=evidence)
