"""The child process: reads the GPUs it is told to, tells what it read, and ends with its parent.

A command is a line of JSON, `{"<index>": "<uuid, or empty>"}`: the GPUs to read, in this order.
What comes back are frames (`frames`). The end of the commands ends the process.

Frames go out as soon as something is begun, so that they outlive this process; but the parent is
woken once a turn, by a byte in another pipe (its number is the argument): it looks by itself when
that takes long.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Iterable
from contextlib import suppress

from aisec_daemon.host.nvml.codes import UNKNOWN
from aisec_daemon.host.nvml.frames import Frame, Kind, encode
from aisec_daemon.host.nvml.library import NvmlError, is_genuine
from aisec_daemon.host.nvml.messages import from_answer
from aisec_daemon.host.nvml.node import Node
from aisec_daemon.host.nvml.row import Answer

_PIPE_BYTES = 1 << 16  # what a pipe holds while nobody reads
_SHADOWED = (
    "another package stands in the place of NVIDIA's pynvml: pip uninstall pynvml nvidia-ml-py3, "
    "then pip install --force-reinstall nvidia-ml-py"
)


def serve(
    node: Node,
    commands: Iterable[bytes],
    send: Callable[[Frame], None],
    clock: Callable[[], float] = time.monotonic,
) -> None:
    """Carry out commands until there are no more."""
    send(Frame(Kind.HELLO, {"driver_version": node.driver_version, "count": node.count}))
    for line in commands:
        wanted = {int(index): str(uuid) for index, uuid in json.loads(line).items()}
        node.keep(wanted)
        for index, uuid in wanted.items():
            _read(node, index, uuid, send, clock)
        send(Frame(Kind.DONE, {"tally": node.library.take_tally()}))


def _read(
    node: Node, index: int, uuid: str, send: Callable[[Frame], None], clock: Callable[[], float]
) -> None:
    if not node.is_open(index):
        send(Frame(Kind.BEGIN, {"index": index, "opening": True, "at": clock()}))
        try:
            node.open(index, uuid)
        except NvmlError as error:
            send(from_answer(Answer(index, (), error.code, str(error))))
            return
    now = clock()
    send(Frame(Kind.BEGIN, {"index": index, "opening": False, "at": now}))
    send(from_answer(node.read(index, now)))


def main() -> None:
    """Speak over standard input and output until the input ends."""
    wire, bell = os.dup(1), int(sys.argv[1]) if len(sys.argv) > 1 else -1
    os.dup2(2, 1)  # what a library prints must not get between the frames

    waiting = bytearray()
    unheard = 0

    def send(frame: Frame) -> None:
        nonlocal unheard
        waiting.extend(encode(frame))
        if frame.kind is Kind.GPU:
            return  # what is begun next is told at once: both go together
        rest = bytes(waiting)
        unheard += len(rest)
        waiting.clear()
        while rest:
            rest = rest[os.write(wire, rest) :]
        if bell >= 0 and (frame.kind is not Kind.BEGIN or unheard > _PIPE_BYTES // 2):
            unheard = 0
            os.write(bell, b"!")

    if not is_genuine():
        send(Frame(Kind.FAILED, {"code": UNKNOWN, "error": _SHADOWED}))
        return
    try:
        node = Node()
    except NvmlError as error:
        send(Frame(Kind.FAILED, {"code": error.code, "error": str(error)}))
        return
    serve(node, sys.stdin.buffer, send)


if __name__ == "__main__":
    with suppress(BrokenPipeError):  # the parent is gone
        main()
    os._exit(0)  # not through the library's destructors, which can hang
