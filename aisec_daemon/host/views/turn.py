"""One comparison of all views in the making: who knows which pid, and who does not."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from aisec_daemon.host.views.direct import Look, Sight
from aisec_daemon.host.views.mounts import Cover
from aisec_daemon.host.views.namespace import Namespace
from aisec_daemon.host.views.suspects import Suspect

LISTINGS = ("listing", "raw_listing")
NAMES = (*LISTINGS, "proc", "kernel", "cgroup", "connector", "nvml", "mounts")
"""Views, in the order in which they are named."""

_ABSENT = frozenset((Sight.NOTHING, Sight.SOMETHING_ELSE))


@dataclass
class View:
    """How many pids a view knows (NaN: it does not apply), what it lacks, and for how many turns.

    `proc`, `kernel` and `mounts` are not lists of all: what they know is what they were asked for.
    """

    known: float = math.nan
    lack: str = ""
    runs: int = 0


@dataclass
class Turn:
    """Claims of pids by views."""

    namespace: Namespace
    views: dict[str, View] = field(default_factory=lambda: {name: View() for name in NAMES})
    listed: dict[str, frozenset[int]] = field(default_factory=dict)
    everywhere: frozenset[int] = frozenset()  # pids that every listing shows
    claims: dict[int, set[str]] = field(default_factory=lambda: defaultdict(set))
    groups: dict[int, str] = field(default_factory=dict)
    covers: dict[int, Cover] = field(default_factory=dict)

    def show(self, listed: dict[str, frozenset[int]]) -> None:
        """Take the listings; what only one of them shows is claimed by it."""
        self.listed = listed
        self.everywhere = frozenset.intersection(*listed.values())
        for name, pids in listed.items():
            self.claim(name, pids, len(pids))

    def show_again(self, listed: dict[str, frozenset[int]]) -> None:
        """Take listings made later: whoever is in one of the two is shown."""
        empty: frozenset[int] = frozenset()
        self.listed = {name: pids | listed.get(name, empty) for name, pids in self.listed.items()}

    def claim(self, name: str, pids: Iterable[int], known: float) -> None:
        """Note what a view knows that some listing does not show, and how much it knows in all."""
        self.views[name].known = known
        for pid in set(pids) - self.everywhere:
            self.claims[pid].add(name)

    def suspect(self, pid: int, seen: Look, *, alive: bool) -> Suspect | None:
        """Put together what is known of a pid; None if it is gone, a thread, or known to all.

        `alive` is what the kernel said before and after the direct look that gave `seen`.
        """
        known = set(self.claims.get(pid, ())) | {n for n, p in self.listed.items() if pid in p}
        known |= {"cgroup"} if pid in self.groups else set()
        known = (known | {"kernel"}) if alive else (known - {"kernel"})
        known |= {"proc"} if seen.sight is Sight.PROCESS else set()
        asked = self.namespace.ours
        gone = asked and not alive and known <= {"connector", *LISTINGS}
        if not known or gone or seen.sight is Sight.THREAD:
            return None
        missing = {name for name, pids in self.listed.items() if pid not in pids}
        missing |= {"proc"} if seen.sight in _ABSENT else set()
        missing |= {"kernel"} if asked and not alive else set()
        cover = self.covers.get(pid)
        if not missing and cover is None:
            return None
        return Suspect(
            pid,
            seen.start_ticks if seen.sight is Sight.PROCESS else -1,
            tuple(name for name in NAMES if name in known),
            tuple(name for name in NAMES if name in missing),
            f"{cover.place} ({cover.source})" if cover else "",
            self.groups.get(pid, ""),
        )
