"""Table `program`: what stands behind the processes on GPUs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, ClassVar

import numpy as np

from aisec_daemon.host.host import Host
from aisec_daemon.model import Column, Kind, Label, Snapshot, Table
from aisec_daemon.model.snapshot import Word

if TYPE_CHECKING:
    from aisec_daemon.host.program.programs import Program as Reading


@dataclass(frozen=True)
class Program:
    """A row per process that NVML lists, or that holds a node of the NVIDIA driver open."""

    table: ClassVar[Table] = Table(
        "program",
        "Programs on GPUs: what they map, where their files lie, what they pretend to be.",
        columns=(
            Column("read_bytes", "bytes read by system calls, cached ones too", Kind.COUNTER),
            Column("written_bytes", "bytes written by system calls", Kind.COUNTER),
            Column("executable_age_seconds", "time since the executable's file was changed"),
        ),
        labels=(
            Label("process", "the process, as table process names it"),
            Label("libraries", "known libraries that it maps, in words of a fixed vocabulary"),
            Label(
                "executable_place",
                "where it lies: system, home, temporary, hidden, memory, deleted or other",
            ),
            Label(
                "executable_writable",
                "others if any user may write the executable or its folder, else empty",
            ),
            Label(
                "disguise",
                "kernel_thread, interpreter or name if it pretends to be one; replaced if nothing "
                "of its executable is mapped; defunct if its main thread has ended, as a zombie's, "
                "while others go on",
            ),
            Label("preload", "library that was preloaded from outside system folders"),
        ),
        series=("process",),
        aggregate=("executable_place", "disguise"),
    )

    period: Annotated[float, "seconds between readings"] = 5.0

    def read(self, host: Host, time: float) -> Snapshot:
        """Read all programs; UnreadableError if nobody tells which programs are on GPUs."""
        programs = host.programs.read()
        values = np.array([_numbers(each, time) for each in programs], np.float64)
        rows = [_words(each) for each in programs]
        labels = {name: tuple(row[name] for row in rows) for name in self.table.label_names}
        subjects = tuple(each.identity.subject for each in programs)
        return Snapshot(self.table, time, subjects, values.reshape(len(programs), 3), labels)


def _numbers(program: Reading, time: float) -> tuple[float, float, float]:
    file = program.image.file
    age = np.nan if file is None or file.changed is None else max(time - file.changed, 0.0)
    return program.read_bytes, program.written_bytes, age


def _words(program: Reading) -> dict[str, Word]:
    image = program.image
    file = image.file
    return {
        "process": program.identity.subject,
        "libraries": image.libraries,
        "executable_place": None if file is None else file.place,
        "executable_writable": None if file is None else file.writable,
        "disguise": _disguise(program),
        "preload": image.preload,
    }


def _disguise(program: Reading) -> Word:
    """Return the strongest: any program may call itself something else, few have lost a thread."""
    seen = program.image.disguise
    stronger = seen in ("kernel_thread", "interpreter")
    return "defunct" if program.identity.thread and not stronger else seen
