"""The images of containers, each read once and believed only of processes that are in it."""

from __future__ import annotations

import math
import os
import re
from collections.abc import Callable, Iterator
from errno import errorcode
from pathlib import Path
from threading import Lock
from time import monotonic
from typing import NamedTuple

from aisec_daemon.host.container.finder import Finder, Found
from aisec_daemon.host.container.group import lies_in
from aisec_daemon.host.proc.identity import ProcessIdentity
from aisec_daemon.host.program.file import is_procfs
from aisec_daemon.host.redaction.image import redact_image
from aisec_daemon.host.tally import Call, Tally

_CONTAINER = re.compile(r"[0-9a-f]{64}")  # what the runtimes that we know call theirs
_CONTAINERS_MAX = 4096
_AGAIN_SECONDS = 10.0
_DOUBLED_MAX = 5  # waits double, up to five minutes
_PLACES_SECONDS = 60.0  # for which it is remembered where runtimes keep their files

OK, FOREIGN, UNNAMED, UNKNOWN = "OK", "foreign", "unnamed", "not found"


class _Known(NamedTuple):
    """What is known of a container: `due` is when it is looked for again, never if it was found."""

    group: str
    image: str | None
    code: str
    due: float = math.inf
    misses: int = 0


class Images:
    """Tells which image the container of a process runs. Safe between threads.

    Anybody who can make control groups (a user below his own manager, a container that may write
    to cgroupfs) can call one like a container that is not his. So the process must be in the very
    group that the runtime gave the container, or below it.

    Reads below `root`, and what is not there, below the root of the node's first process: a
    DaemonSet mounts no files of runtimes, and the service's sandbox hides homes, where they may be.
    """

    def __init__(self, root: Path, tally: Tally, clock: Callable[[], float] = monotonic) -> None:
        self._root = root
        self._tally = tally
        self._clock = clock
        self._lock = Lock()
        self._known: dict[str, _Known] = {}
        self._finders: list[Finder] = []
        self._finders_due = -math.inf

    def of(self, who: ProcessIdentity) -> str | None:
        """Return the name of a process's image; empty outside of a container, None if unread.

        Names are as users wrote them (`registry/team/trainer:1.2`, `busybox`, or an id), without
        passwords, and printable.
        """
        if not who.container:
            return who.container
        known = self._look(who.container)
        return known.image if lies_in(who.group, known.group) else None

    def code(self, who: ProcessIdentity) -> str:
        """Say why the image of a process in a container is unread, in a word; `OK` if it is not."""
        known = self._look(who.container or "")
        if known.code in {OK, UNNAMED} and not lies_in(who.group, known.group):
            return FOREIGN
        return known.code

    def _look(self, container: str) -> _Known:
        known = self._known.get(container)
        if known is not None and known.due == math.inf:
            return known
        with self._lock:
            known = self._known.get(container)
            now = self._clock()
            if known is not None and now < known.due:
                return known
            misses = known.misses if known else 0
            made = self._read(container, now, misses)
            self._known.pop(container, None)
            if len(self._known) >= _CONTAINERS_MAX:
                del self._known[next(iter(self._known))]
            self._known[container] = made
        self._tally.add(Call("container", "image", made.code))
        return made

    def _read(self, container: str, now: float, misses: int) -> _Known:
        """Read what a runtime says of a container; never again once it said something."""
        if not _CONTAINER.fullmatch(container):
            return _Known("", None, UNKNOWN)
        found, code = self._find(container, now)
        if found is None:
            wait = _AGAIN_SECONDS * 2 ** min(misses, _DOUBLED_MAX)
            return _Known("", None, code, now + wait, misses + 1)
        image = redact_image(found.image) or None
        return _Known(found.group, image, OK if image else UNNAMED)

    def _find(self, container: str, now: float) -> tuple[Found | None, str]:
        if now >= self._finders_due:
            self._finders = [Finder(root) for root in self._roots()]
            self._finders_due = now + _PLACES_SECONDS
        code = UNKNOWN
        for finder in self._finders:
            found, told = _ask(finder, container)
            if found is not None:
                return found, OK
            code = code if told == UNKNOWN else told
        return None, code

    def _roots(self) -> Iterator[Path]:
        """Yield where files of the host may be: below its root, and below its first process's.

        Of a copy of a node the latter is left out if it is a link: it would lead out of the copy.
        """
        yield self._root
        first = self._root / "proc/1/root"
        link = os.path.islink(first)  # noqa: PTH114 - Path raises where it may not be looked at
        if is_procfs(self._root / "proc") or not link:
            yield first


def _ask(finder: Finder, container: str) -> tuple[Found | None, str]:
    """Return what a finder found, or in a word why it found nothing."""
    try:
        return finder.find(container), OK
    except FileNotFoundError:
        return None, UNKNOWN
    except OSError as error:
        return None, errorcode.get(error.errno or 0, "EPERM")
    except ValueError:
        return None, "malformed"
