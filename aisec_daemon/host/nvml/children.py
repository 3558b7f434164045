"""Child processes: started, asked, listened to, killed; never waited for."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress

from aisec_daemon.host.nvml.frames import Decoder, Frame, FrameError, Kind

_PIECE_BYTES = 1 << 16


class Child:
    """One process that reads GPUs, and how far it is with what it was asked.

    `waiting` are the GPUs it has still to answer for, `busy` the one it is at, `since` when it
    began with that. `rounds` counts what it was asked and did.
    """

    def __init__(self, command: Sequence[str], now: float) -> None:
        """Start it; OSError."""
        self._process = subprocess.Popen(  # noqa: S603 the command is the daemon's own
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True
        )
        os.set_blocking(self.output, False)
        self._decoder = Decoder()
        self.count: int | None = None  # of GPUs, once NVML is open
        self.waiting: set[int] = set()
        self.busy: int | None = None
        self.opening = False
        self.since = now
        self.idle = False
        self.ended = False
        self.rounds = 0

    @property
    def output(self) -> int:
        """The file descriptor on which it answers."""
        assert self._process.stdout is not None  # noqa: S101 it was asked for above
        return self._process.stdout.fileno()

    def ask(self, gpus: Mapping[int, str], now: float) -> None:
        """Have it read these GPUs, in this order, by UUID where one is given."""
        assert self._process.stdin is not None  # noqa: S101 it was asked for above
        self.waiting, self.since = set(gpus), now
        self.idle = False
        with suppress(BrokenPipeError):  # its end is noticed where its answers are read
            self._process.stdin.write(json.dumps(gpus).encode() + b"\n")
            self._process.stdin.flush()

    def receive(self, now: float) -> list[Frame]:
        """Return what it has said since; sets `ended` when it will say no more."""
        frames: list[Frame] = []
        try:
            while piece := os.read(self.output, _PIECE_BYTES):
                frames += self._decoder.feed(piece)
            self.ended = True
        except BlockingIOError:
            pass
        except FrameError:
            self.ended = True
        for frame in frames:
            self._follow(frame, now)
        return frames

    def _follow(self, frame: Frame, now: float) -> None:
        self.since = now
        if frame.kind is Kind.HELLO:
            self.count, self.idle = int(frame.words["count"]), True
        elif frame.kind is Kind.BEGIN:
            self.busy, self.opening = frame.words["index"], frame.words["opening"]
        elif frame.kind is Kind.GPU:
            self.waiting.discard(frame.words["index"])
            self.busy = None
        elif frame.kind is Kind.DONE:
            self.idle = True

    def kill(self) -> None:
        """Send SIGKILL; a process inside a driver call may take its time to die of it."""
        self._process.kill()
        for pipe in (self._process.stdin, self._process.stdout):
            with suppress(BrokenPipeError):
                pipe.close()  # type: ignore[union-attr]

    def is_dead(self, wait_seconds: float = 0.0) -> bool:
        """Say whether it is gone, leaving no zombie; wait at most this long."""
        if not wait_seconds:
            return self._process.poll() is not None
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(wait_seconds)
        return self._process.returncode is not None
