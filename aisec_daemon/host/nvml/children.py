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

    `bell` is a file descriptor on which it says that there is something to be received.
    `waiting` are the GPUs it has still to answer for, `busy` the one it is at, `since` when it
    began with that. `rounds` counts what it was asked and did.
    """

    def __init__(self, command: Sequence[str], now: float) -> None:
        """Start it; OSError."""
        self.bell, theirs = os.pipe()
        try:
            self._process = subprocess.Popen(  # noqa: S603 the command is the daemon's own
                [*command, str(theirs)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                start_new_session=True,
                pass_fds=(theirs,),
            )
        except OSError:
            os.close(self.bell)
            raise
        finally:
            os.close(theirs)
        os.set_blocking(self.bell, False)
        os.set_blocking(self._output, False)
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
    def _output(self) -> int:
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
        with suppress(BlockingIOError):
            os.read(self.bell, _PIECE_BYTES)
        try:
            while piece := os.read(self._output, _PIECE_BYTES):
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
            self.since = min(float(frame.words.get("at", now)), now)
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
        if self.bell >= 0:
            os.close(self.bell)
            self.bell = -1

    def is_dead(self, wait_seconds: float = 0.0) -> bool:
        """Say whether it is gone, leaving no zombie; wait at most this long."""
        if not wait_seconds:
            return self._process.poll() is not None
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(wait_seconds)
        return self._process.returncode is not None
