"""Work on files of strangers, in a thread that may be left behind.

A file system whose server is gone holds up whoever asks it, and cannot be interrupted. So it is
asked by a thread; who waits does so for a while, and then goes on without answer and thread.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from queue import Empty, SimpleQueue
from threading import Thread

from aisec_daemon.host.workload.surroundings import Answer, Question, Surroundings

_SECONDS = 1.0
_LEFT_MAX = 4  # threads that hang at once; while they do, nobody asks any more


class Patience:
    """Asks `Surroundings`, for so long. Not safe between threads."""

    def __init__(
        self, make: Callable[[], Surroundings] = Surroundings, seconds: float = _SECONDS
    ) -> None:
        self._make = make
        self._seconds = seconds
        self._worker: _Worker | None = None
        self._left: list[_Worker] = []

    def turn(self) -> None:
        """Begin a turn."""
        self._left = [each for each in self._left if each.busy]
        if self._worker is not None:
            self._worker.surroundings.turn()

    def ask(self, directory: int, question: Question) -> Answer:
        """Look around the process whose folder is open; TimeoutError if that takes too long."""
        if self._worker is None:
            self._left = [each for each in self._left if each.busy]
            if len(self._left) >= _LEFT_MAX:
                raise TimeoutError("too many questions are unanswered")
            self._worker = _Worker(self._make())
        try:
            return self._worker.ask(directory, question, self._seconds)
        except Empty:
            self._left.append(self._worker)  # with all that it knows: it may still be at work
            self._worker.end()
            self._worker = None
            raise TimeoutError("a file system does not answer") from None


class _Worker:
    """A thread, and the surroundings that it alone touches while it is busy."""

    def __init__(self, surroundings: Surroundings) -> None:
        self.surroundings = surroundings
        self.busy = False
        self._questions: SimpleQueue[tuple[int, Question] | None] = SimpleQueue()
        self._answers: SimpleQueue[Answer | BaseException] = SimpleQueue()
        Thread(target=self._work, name="surroundings", daemon=True).start()

    def ask(self, directory: int, question: Question, seconds: float) -> Answer:
        """Wait for an answer; Empty if there is none in time, else whatever it raised."""
        self.busy = True
        self._questions.put((os.dup(directory), question))
        answer = self._answers.get(timeout=seconds)
        if isinstance(answer, BaseException):
            raise answer
        return answer

    def end(self) -> None:
        """Have the thread end after what it does now."""
        self._questions.put(None)

    def _work(self) -> None:
        while (asked := self._questions.get()) is not None:
            directory, question = asked
            try:
                answer: Answer | BaseException = self.surroundings.ask(directory, question)
            except (OSError, ValueError) as error:
                answer = error
            finally:
                self.busy = False
                os.close(directory)
            self._answers.put(answer)
