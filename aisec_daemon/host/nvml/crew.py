"""Two children at most: one serves the GPUs that answer, one those that hang.

The main child reads all GPUs but those in quarantine. When it stays in the calls of one GPU while
others wait, it becomes the quarantine's child itself, for that GPU alone, and a fresh one takes
its place: nothing needs to be killed, and the driver is not asked twice. Only when the
quarantine's child is taken already is the main one killed. A lost GPU goes to quarantine, too,
where its process can be replaced until it comes back, without disturbing others.
"""

from __future__ import annotations

from collections.abc import Sequence
from time import monotonic

from aisec_daemon.host.nvml.children import Child
from aisec_daemon.host.nvml.post import Post
from aisec_daemon.host.nvml.quarantine import Quarantine

OPEN_PATIENCE_SECONDS = 2.0
"""For the first calls of a GPU, which the driver may have to wake."""

INIT_PATIENCE_SECONDS = 60.0
"""For opening NVML, which may wake all GPUs in turn."""


class Crew:
    """The children and who serves what.

    `all_lost`: they last said that every GPU is lost; `patience_seconds`: so long a GPU may let
    others wait.
    """

    def __init__(self, command: Sequence[str], patience_seconds: float) -> None:
        self.patience_seconds = patience_seconds
        self.main = Post(command)
        self.apart = Post(command)
        self.quarantine = Quarantine()
        self.all_lost = False
        self._dying: list[Child] = []

    @property
    def manned(self) -> list[Post]:
        """The posts that have a child."""
        return [post for post in (self.main, self.apart) if post.child]

    def keep_up(self, now: float) -> None:
        """Bury the dead, move on from a GPU that others wait behind, and man the posts."""
        self._dying = [child for child in self._dying if not child.is_dead()]
        self._move_on(now)
        if not self.quarantine.gpus and self.apart.child:
            self._dismiss()
        for post, wanted in ((self.main, True), (self.apart, bool(self.quarantine.gpus))):
            room = len(self.manned) + len(self._dying) < 2  # noqa: PLR2004 processes at most
            if wanted and room and not post.child and not post.rests(now):
                post.man(now)

    def why(self, now: float) -> str:
        """Say in one sentence why nothing is heard."""
        child = self.main.child
        if not child:
            return self.main.why or "no process can be started while one is dying in the driver"
        if child.count is None:
            return f"NVML has not opened for {now - child.since:.1f} s"
        busy = child.busy if child.busy is not None else min(self.quarantine.gpus, default=None)
        return "NVML lists no GPU" if busy is None else f"the driver does not answer for GPU {busy}"

    def lose(self, post: Post, why: str, now: float) -> None:
        """Give up a post's child, for this reason."""
        self.all_lost = False
        child = post.vacate(now, why)
        if child:
            child.kill()
            self._dying.append(child)

    def crashed(self, post: Post, child: Child, now: float) -> None:
        """Note that a child ended by itself: twice at one GPU, and that is served apart."""
        where = "" if child.busy is None else f" while at GPU {child.busy}"
        self.lose(post, f"the process that reads GPUs ended{where}", now)
        if child.busy is not None and post is self.main and self.quarantine.crashed(child.busy):
            post.hasten()

    def start_over(self) -> None:
        """Serve all GPUs from the main child again: indices have another meaning now."""
        self.quarantine.clear()
        self._dismiss()

    def stop(self, wait_seconds: float) -> None:
        """Kill all children; wait at most this long for them to be gone."""
        for post in (self.main, self.apart):
            self.lose(post, "", 0.0)
            post.hasten()
        self.quarantine.clear()
        end = monotonic() + wait_seconds
        self._dying = [c for c in self._dying if not c.is_dead(max(end - monotonic(), 0.0))]

    def _move_on(self, now: float) -> None:
        child = self.main.child
        if not child or child.idle:
            return
        waited = now - child.since
        if child.count is None:
            if waited > INIT_PATIENCE_SECONDS:
                self.lose(self.main, f"NVML did not open within {waited:.0f} s", now)
        elif child.busy is None:
            if waited > OPEN_PATIENCE_SECONDS:
                self.lose(self.main, "the driver does not answer", now)
        else:
            patience = OPEN_PATIENCE_SECONDS if child.opening else self.patience_seconds
            others_wait = not self.main.asked or child.waiting != {child.busy}
            if others_wait and waited > patience:
                self._set_apart(child, child.busy, now)

    def _set_apart(self, child: Child, index: int, now: float) -> None:
        why = f"the driver does not answer for GPU {index}"
        self.quarantine.add(index)
        if self.apart.child or self._dying:
            self.lose(self.main, why, now)
        else:
            self.all_lost = False
            self.main.vacate(now, why)
            self.apart.adopt(child, index)
        self.main.hasten()

    def _dismiss(self) -> None:
        """End the quarantine's child: there is nothing for it to do."""
        child = self.apart.vacate(0.0, "")
        if child:
            child.kill()
            self._dying.append(child)
        self.apart.hasten()
