"""The listening sockets of one network namespace, and whose they are."""

from __future__ import annotations

import time
from collections.abc import Sequence

from aisec_daemon.host.network import diag
from aisec_daemon.host.network.addresses import Addresses, read_addresses
from aisec_daemon.host.network.owners import Owners
from aisec_daemon.host.network.socket import LISTEN, TcpSocket
from aisec_daemon.host.proc.identity import ProcessIdentity
from aisec_daemon.host.tally import Call, Tally

TURNS_BETWEEN = 6  # looks at what gives no sign of a change
_TURNS_LATE = 36  # between looks at all open files, for sockets that were handed on

Members = Sequence[ProcessIdentity]
Inodes = dict[str, frozenset[int] | None]
"""Inodes of the sockets of each process; None where they may not be read."""


class Namespace:
    """What is known of one; ask it by `read_own` or `read_other`, never by both.

    `sockets` are all that listen, `owners` says whose, both by inode; `denied` is how many
    processes could not be looked at. A new socket is found at the next turn; one that was handed
    on to another process, later. `folder` is where a process of it is in /proc.
    """

    def __init__(self, owners: Owners, tally: Tally) -> None:
        self._owners = owners
        self._tally = tally
        self.sockets: dict[int, TcpSocket] = {}
        self.owners: dict[int, str] = {}
        self.addresses: Addresses | None = None
        self.denied = 0
        self.read = -_TURNS_LATE
        self._strangers: frozenset[int] = frozenset()
        self._seen: object = None
        self._addressed = 0

    def read_own(self, turn: int, members: Members, folder: str) -> None:
        """Ask the kernel who listens in our own namespace, and look whose those are that are new.

        They are looked for thoroughly if they are not found at once: a process that has closed one
        file and opened another has as many as before.
        """
        if not self._dump():
            self.read_other(turn, members, self.inodes(members), folder)
            return
        who = tuple(each.subject for each in members)
        new = self.sockets.keys() - self.owners.keys() - self._strangers
        late = turn - self.read >= _TURNS_LATE
        if new or late or who != self._seen:
            self._settle(turn, self.inodes(members, anew=late), folder)
            if self._seen is not None and new & self._strangers:
                self._settle(turn, self.inodes(members, anew=True), folder)
            self._seen = who
        elif turn - self._addressed >= TURNS_BETWEEN:
            self._read_addresses(turn, folder)
        self._strangers &= self.sockets.keys()

    def due(self, turn: int, members: Members) -> Inodes | None:
        """Return the sockets of another namespace's members if its tables are to be read."""
        inodes = self.inodes(members)
        late = turn - self.read >= TURNS_BETWEEN
        return inodes if late or inodes != self._seen else None

    def read_other(self, turn: int, members: Members, inodes: Inodes, folder: str) -> None:
        """Read the kernel's tables; what one of them told before is kept where it is unread now."""
        listed, whole = self._owners.tables(folder)
        found = {each.inode: each for each in listed if each.state == LISTEN}
        self.sockets = found if whole else {**self.sockets, **found}
        self._settle(turn, inodes, folder)
        self.denied += 0 if whole else len(members)
        self._seen = inodes

    def inodes(self, members: Members, *, anew: bool = False) -> Inodes:
        """Return the sockets of these processes."""
        return {each.subject: self._owners.inodes(each, anew=anew) for each in members}

    def _dump(self) -> bool:
        """Ask by sock_diag; say whether that could be done."""
        begin = time.perf_counter()
        try:
            messages = {diag.inode(each): each for each in diag.dump(states=diag.LISTENING)}
            self.sockets = {
                inode: self.sockets.get(inode) or diag.parse(message)
                for inode, message in messages.items()
            }
        except (OSError, ValueError) as error:
            self._owners.fail("sock_diag", "listen", error)
            return False
        self._tally.add(Call("sock_diag", "listen", "OK"), seconds=time.perf_counter() - begin)
        return True

    def _settle(self, turn: int, inodes: Inodes, folder: str) -> None:
        """Say whose each listening socket is, and which addresses there are."""
        self.read = turn
        self.denied = sum(each is None for each in inodes.values())
        owners: dict[int, str] = {}
        for subject, theirs in inodes.items():
            for inode in self.sockets.keys() & (theirs or ()):
                owners.setdefault(inode, subject)
        self.owners = owners
        self._strangers = frozenset(self.sockets.keys() - owners.keys())
        self._read_addresses(turn, folder)

    def _read_addresses(self, turn: int, folder: str) -> None:
        self._addressed = turn
        try:
            self.addresses = read_addresses(folder) if self.owners else None
        except (OSError, ValueError) as error:
            self._owners.fail("proc", "addresses", error)
            self.addresses = None
