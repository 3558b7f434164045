"""Which numbers to try next, when there are millions and a turn affords thousands."""

from __future__ import annotations


class Sweep:
    """The newest pids first (half a turn's worth at most), then all others in turn.

    The kernel gives out pids in order and begins again at its limit, so whoever was born since the
    last turn is between the last pid of then and that of now.
    """

    def __init__(self) -> None:
        self._newest = 0
        self._next = 1

    def numbers(self, count: int, newest: int, pid_max: int) -> list[int]:
        """Return the next `count` numbers; `newest` is the last pid given out, 0 if unknown."""
        born = (newest - self._newest) % pid_max if self._newest and newest else 0
        self._newest = newest
        recent = [(newest - i - 1) % pid_max + 1 for i in range(min(born, count // 2))]
        rest = min(count - len(recent), pid_max - 1)
        others = [(self._next + i - 1) % (pid_max - 1) + 1 for i in range(rest)]
        self._next = (self._next + rest - 1) % (pid_max - 1) + 1
        return list(dict.fromkeys([*(n for n in recent if n < pid_max), *others]))

    def rewind(self, untried: int) -> None:
        """Begin the next turn with what this one had no time for, save the newest."""
        self._next = max(1, self._next - untried)


def parse_newest(loadavg: bytes) -> int:
    """Return the last pid given out, from /proc/loadavg; ValueError if it does not tell."""
    fields = loadavg.split()
    if len(fields) != 5:  # noqa: PLR2004 - the five of proc_loadavg(5)
        raise ValueError("/proc/loadavg lacks fields")
    return int(fields[4])
