"""Asks the children once a turn and understands what they say."""

from __future__ import annotations

import math
import select
import time
from collections.abc import Sequence

from aisec_daemon.host.nvml.codes import DRIVER_GONE, LOST, NOT_FOUND, UNKNOWN
from aisec_daemon.host.nvml.crew import Crew
from aisec_daemon.host.nvml.fields import INDEX
from aisec_daemon.host.nvml.frames import Frame, FrameError, Kind
from aisec_daemon.host.nvml.messages import to_answer
from aisec_daemon.host.nvml.post import Post
from aisec_daemon.host.nvml.roster import Roster
from aisec_daemon.host.nvml.row import Answer
from aisec_daemon.host.tally import Call, Tally

_READ_SECONDS = INDEX["read_seconds"]
_LOOK_SECONDS = 0.05  # between two looks at a child that is dying or may be hanging


class Supervisor:
    """Keeps the roster of GPUs by asking the crew. For one thread at a time."""

    def __init__(self, command: Sequence[str], tally: Tally, patience_seconds: float) -> None:
        self.roster = Roster()
        self._tally = tally
        self._crew = Crew(command, patience_seconds)
        self._answered: set[int] = set()

    def begin(self) -> None:
        """Man the crew; nothing is asked yet."""
        self._crew.keep_up(time.monotonic())

    def be_patient(self, seconds: float) -> None:
        """Let a GPU make others wait so long from now on."""
        self._crew.patience_seconds = seconds

    def turn(self, deadline: float) -> bool:
        """Ask for all GPUs until this monotonic time; return whether any was heard of."""
        crew = self._crew
        self._answered = set()
        crew.main.asked = crew.apart.asked = False
        started = now = time.monotonic()
        while True:
            crew.keep_up(now)
            for post in crew.manned:
                if post.child and post.child.idle and not post.asked:
                    self._ask(post, now)
            if self._finished(now, started) or now >= deadline:
                return bool(self._answered) or crew.all_lost
            self._listen(min(_LOOK_SECONDS, deadline - now))
            now = time.monotonic()

    def why(self, now: float) -> str:
        """Say in one sentence why nothing is heard."""
        return self._crew.why(now)

    def stop(self, wait_seconds: float) -> None:
        """Kill all children; wait at most this long for them to be gone."""
        self._crew.stop(wait_seconds)

    def _ask(self, post: Post, now: float) -> None:
        apart = self._crew.quarantine.gpus
        if post is self._crew.main:
            wanted = set(range(self.roster.count)) - apart - self._answered
            post.ask(dict.fromkeys(self.roster.by_speed(wanted), ""), now)
        else:
            post.ask({index: self.roster.uuid(index) for index in sorted(apart)}, now)

    def _finished(self, now: float, started: float) -> bool:
        main, apart = self._crew.main, self._crew.apart
        patience = self._crew.patience_seconds
        if apart.child and not apart.is_done:
            hangs = apart.child.busy is not None and now - apart.child.since > patience
            if not hangs and now - started < patience:
                return False
        return main.is_done if main.child else main.rests(now)

    def _listen(self, seconds: float) -> None:
        posts = {post.child.bell: post for post in self._crew.manned if post.child}
        waiting = select.poll()
        for bell in posts:
            waiting.register(bell, select.POLLIN)
        rung = [bell for bell, _ in waiting.poll(max(seconds, 0.0) * 1000.0)]
        for bell in rung or posts:  # a GPU that hangs rings no bell
            self._hear(posts[bell])

    def _hear(self, post: Post) -> None:
        child, now = post.child, time.monotonic()
        if not child:
            return
        try:
            for frame in child.receive(now):
                self._understand(post, frame, now)
        except FrameError as error:
            self._crew.lose(post, str(error), now)
        if child.ended and post.child is child:
            self._crew.crashed(post, child, now)

    def _understand(self, post: Post, frame: Frame, now: float) -> None:
        if frame.kind is Kind.HELLO and post is self._crew.main:
            if self.roster.enumerate(frame.words["count"], frame.words["driver_version"]):
                self._crew.start_over()
        elif frame.kind is Kind.FAILED:
            self._crew.lose(post, str(frame.words["error"]), now)
        elif frame.kind is Kind.GPU:
            self._take(post, to_answer(frame), now)
        elif frame.kind is Kind.DONE:
            for call, code, count, seconds in frame.words["tally"]:
                self._tally.add(Call("nvml", call, code), count, seconds)
            self._done(post, now)

    def _take(self, post: Post, answer: Answer, now: float) -> None:
        if post is self._crew.apart and not self._take_apart(answer, now):
            return
        if answer.code in LOST or answer.code == UNKNOWN:
            post.lost[answer.index] = answer
        elif not answer.code:
            self._crew.all_lost = False
        self.roster.take(answer, now)
        self._answered.add(answer.index)

    def _take_apart(self, answer: Answer, now: float) -> bool:
        """Judge a GPU in quarantine by its answer; return whether the answer counts."""
        crew = self._crew
        if answer.index not in crew.quarantine.gpus:
            return False  # it was asked before the main child was given this one
        if answer.code == NOT_FOUND:
            self.roster.drop(answer.index)
            crew.lose(crew.main, "NVML lists other GPUs than before", now)
            crew.start_over()
            return False
        seconds = answer.rows[0].numbers[_READ_SECONDS] if answer.rows else math.inf
        crew.quarantine.answered(answer.index, promptly=seconds <= crew.patience_seconds)
        return True

    def _done(self, post: Post, now: float) -> None:
        crew, lost = self._crew, post.lost
        duty = post.asked_for
        if post is crew.main:
            duty = frozenset(range(self.roster.count)) - crew.quarantine.gpus
        gone = any(answer.code in DRIVER_GONE for answer in lost.values())
        if lost and (gone or lost.keys() >= duty):
            self._answered -= lost.keys()  # a fresh child may reach them within this turn
            crew.lose(post, next(iter(lost.values())).error, now)
            crew.all_lost = post is crew.main and not gone
            return
        for index in lost:
            crew.quarantine.add(index)
        post.succeed()
        if post is crew.main and not crew.quarantine.gpus:
            self.roster.prune()
