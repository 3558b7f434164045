"""A made-up node on which everything comes and goes: files for /proc, readings for the driver."""

# ruff: noqa: PTH102, PTH104, PTH108, PTH123, PTH211 - a Path is slow, and every name in one is remembered

from __future__ import annotations

import os
from pathlib import Path
from types import SimpleNamespace

import numpy as np

from aisec_daemon.host.host import Host
from aisec_daemon.host.nvml.fields import INDEX
from aisec_daemon.host.nvml.reading import GpuReading, Reading
from aisec_daemon.host.nvml.row import Identity, Process
from aisec_daemon.host.proc.processes import Processes
from aisec_daemon.host.tally import Tally
from tests.host.proc.tree import KEY, Tree, stat_fields

GPUS, FIRST_PID, PIDS = 8, 100, 30_000
GIB = 2.0**30
TOOLS, MINERS, MINER_EVERY = 100, 10, 250
ABSENT_SECONDS, TURN_SECONDS = 40, 100  # a GPU is gone for so long, another one after so long


class Crowd(Tree):
    """Processes that end and are followed by others; their folders go over, to save time."""

    def __init__(self, root: Path, size: int) -> None:
        super().__init__(root)
        self._place = str(self.proc)  # pathlib would remember every name
        self.born = 0
        self.alive: list[int] = []
        for _ in range(size):
            self.add(self._next(), start=self.born)
            os.mkdir(f"{self._place}/{self.pid}/fd")
            self.alive.append(self.pid)

    def renew(self, count: int) -> None:
        """Have the oldest end, and as many begin."""
        for _ in range(count):
            dead = self.alive.pop(0)
            pid = self._next()
            old, new = f"{self._place}/{dead}", f"{self._place}/{pid}"
            os.unlink(f"{old}/stat")  # who has it open sees the dead one only
            os.rename(old, new)
            os.unlink(f"{new}/exe")
            miner = self.born % MINER_EVERY == 0
            kind = self.born // MINER_EVERY % MINERS if miner else self.born % TOOLS
            tool = f"/tmp/xmrig-{kind}" if miner else f"/usr/bin/tool-{kind}"
            os.symlink(tool, f"{new}/exe")
            self._write(f"{new}/stat", "xmrig" if miner else "python", pid)
            self.alive.append(pid)

    def _write(self, file: str, name: str, pid: int) -> None:
        with open(file, "w") as stat:
            stat.write(f"{pid} ({name}) {stat_fields(start=self.born)}\n")

    def _next(self) -> int:
        self.pid = FIRST_PID + self.born % PIDS
        self.born += 1
        return self.pid


class ChurningNode:
    """`host` reads it; `pass_to` makes it what it is at a second of simulated time."""

    def __init__(self, root: Path, processes: int) -> None:
        self.crowd = Crowd(root, processes)
        self.tally = Tally()
        self.processes = Processes(root, self.tally, KEY, connector=False)
        self.gone = 0
        self._second = 0
        self._absent: int | None = None
        self._noise = np.random.default_rng(3)
        nvml = SimpleNamespace(read=self._reading, monotonic=lambda: float(self._second))
        self.host = Host(root, self.tally, nvml, self.processes)

    def pass_to(self, second: int, births: int) -> None:
        """Let so many processes end and begin; GPUs go in turns."""
        self._second = second
        self.crowd.renew(births)
        turn, into = divmod(second, TURN_SECONDS)
        absent = turn % GPUS if into < ABSENT_SECONDS and turn else None
        self.gone += absent is not None and absent != self._absent
        self._absent = absent
        self.host.programs._members_at = -1e9  # simulated seconds are shorter than real ones

    def _reading(self) -> Reading:
        present = [index for index in range(GPUS) if index != self._absent]
        return Reading(tuple(map(self._gpu, present)), "580.00", float(self._second))

    def _gpu(self, index: int) -> GpuReading:
        numbers = self._noise.random(len(INDEX))
        numbers[INDEX["memory_used_bytes"]] = 8 * GIB
        numbers[INDEX["memory_reserved_bytes"]] = 0.0
        numbers[INDEX["memory_size_bytes"]] = 80 * GIB
        who = Identity(f"GPU-{index:08x}", "NVIDIA H200", "gpu", "", f"0000:{index:02x}:00.0")
        on_it = self.crowd.alive[index * 3 :: 40][:3]
        uses = tuple(Process(pid, ("compute",), (2 * GIB, 0.5, 0.5, 0.0, 0.0)) for pid in on_it)
        return GpuReading(index, who, tuple(numbers.tolist()), 0.0, "", uses)
