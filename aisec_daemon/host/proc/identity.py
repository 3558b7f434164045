"""Who a process is."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ProcessIdentity:
    """One program image of one process, in words that may leave the host floor.

    A word is None if it could not be read and empty if there is none. `start_ticks` counts clock
    ticks since boot (proc(5), field 22 of stat); `command` is redacted, `command_hash` is a keyed
    hash of the command line as it was; `uid` is the effective one; `executable_state` is empty,
    "deleted" or "memfd"; `indicators` are ids of known miners' marks, joined by spaces. `group` is
    the control group that told the container, empty if none did; `thread` is one that goes on where
    the main thread has ended, else 0. These two stay on the host floor.
    """

    pid: int
    start_ticks: int
    name: str
    executable: str | None
    executable_state: str | None
    command: str | None
    command_hash: str | None
    user: str | None
    uid: int | None
    parent: int
    container: str | None
    pod: str | None
    qos: str | None
    slurm_job: str | None
    slurm_step: str | None
    unit: str | None
    login_user: str | None
    indicators: str = ""
    group: str = ""
    thread: int = 0

    @property
    def subject(self) -> str:
        """The process as rows name it: a pid alone is used again, with its start it is not."""
        return f"{self.pid}:{self.start_ticks}"
