"""The data flows of all AI workloads."""

from __future__ import annotations

from collections import defaultdict
from errno import errorcode
from pathlib import Path
from threading import Lock

from aisec_daemon.host.errors import UnreadableError
from aisec_daemon.host.flow.configured import Named, named_by_arguments, named_by_variables
from aisec_daemon.host.flow.files import Files
from aisec_daemon.host.flow.outside import hosts, name_of_host
from aisec_daemon.host.flow.peers import grouped, outgoing
from aisec_daemon.host.flow.resolver import Resolver
from aisec_daemon.host.flow.rows import Row, rows
from aisec_daemon.host.flow.seen import Seen, Target
from aisec_daemon.host.network.socket import TcpSocket
from aisec_daemon.host.network.sockets import Sockets
from aisec_daemon.host.proc.attributes import GONE
from aisec_daemon.host.proc.folder import folder_of
from aisec_daemon.host.proc.identity import ProcessIdentity
from aisec_daemon.host.slurp import slurp
from aisec_daemon.host.tally import Call, Tally
from aisec_daemon.host.workload.asset import Asset
from aisec_daemon.host.workload.workloads import Workloads

_TARGETS_MAX = 64  # of one kind, of one asset
_TEXT_BYTES = 262144  # of arguments, and of variables


class Flows:
    """Reads what AI workloads read, write and talk to, and remembers it while they live.

    Safe between threads.
    """

    def __init__(self, root: Path, workloads: Workloads, tally: Tally) -> None:
        self._proc = root / "proc"
        self._workloads = workloads
        self._tally = tally
        self._lock = Lock()
        self._sockets = Sockets(root, workloads, tally)
        self._files = Files(self._proc)
        self._resolver = Resolver(tally)
        self._seen: dict[str, Seen] = {}
        self._unread: defaultdict[str, float] = defaultdict(float)
        self._named: dict[tuple[str, str | None], list[Named]] = {}
        self._turns = 0

    def read(self, now: float, *, resolve: bool = False) -> list[Row]:
        """Read them all at `now`; UnreadableError if nothing of any workload may be read.

        With `resolve`, names that are known are asked of the node's resolver, to name addresses.
        """
        with self._lock:
            assets = self._workloads.assets()
            known = {each.subject: self._seen.get(each.subject) for each in assets}
            self._seen = {name: seen or Seen(_TARGETS_MAX) for name, seen in known.items()}
            for seen in self._seen.values():
                seen.turn()
            denied = self._read_files(assets, now)
            named = self._read_named(assets)
            self._see_named(assets, named, now)
            self._read_sockets(assets, now, self._names(named) if resolve else {})
            if assets and denied == sum(len(each.workloads) for each in assets):
                raise UnreadableError("proc", f"the open files of {denied} processes are not shown")
            return [
                row
                for asset in assets
                for row in rows(asset, self._seen[asset.subject], self._unread[asset.subject])
            ]

    def _read_files(self, assets: list[Asset], now: float) -> int:
        """Look at open files, beginning with another process each turn; return of how many not."""
        self._files.turn()
        self._turns += 1
        self._unread = defaultdict(float)
        every = [each for asset in assets for each in asset.workloads]
        begin = self._turns * 97 % max(len(every), 1)
        denied = 0
        for each in (*every[begin:], *every[:begin]):
            try:
                listed = self._files.read(each.identity, self._workloads.mapped(each.identity))
            except (OSError, ValueError) as error:
                denied += self._fail(error)
                continue
            self._unread[each.asset] += listed.unread
            for file in listed.files:
                flow = self._seen[each.asset].see(file.target, now)
                if flow is not None:
                    flow.see(file.name, file.key, file.direction, file.size)
        return denied

    def _fail(self, error: OSError | ValueError) -> int:
        number = getattr(error, "errno", None)
        if isinstance(error, ValueError) or number in GONE:
            return 0
        self._tally.add(Call("flow", "fd", errorcode.get(number or 0, "EIO")))
        return 1

    def _read_named(self, assets: list[Asset]) -> dict[tuple[str, str | None], list[Named]]:
        """Read arguments and variables, once per program image."""
        named = {}
        for asset in assets:
            for each in asset.workloads:
                key = each.identity.subject, each.identity.command_hash
                known = self._named.get(key)
                named[key] = self._configured(each.identity) if known is None else known
        self._named = named
        return named

    def _configured(self, identity: ProcessIdentity) -> list[Named]:
        arguments = named_by_arguments(self._text(identity, "cmdline"))
        return arguments + named_by_variables(self._text(identity, "environ"))

    def _text(self, identity: ProcessIdentity, file: str) -> bytes:
        try:
            return slurp(f"{folder_of(self._proc, identity)}/{file}", _TEXT_BYTES)
        except OSError as error:
            if error.errno not in GONE:
                self._tally.add(Call("flow", file, errorcode.get(error.errno or 0, "EIO")))
            return b""

    def _see_named(
        self, assets: list[Asset], named: dict[tuple[str, str | None], list[Named]], now: float
    ) -> None:
        for asset in assets:
            for each in asset.workloads:
                for one in named[each.identity.subject, each.identity.command_hash]:
                    target = Target("service", one.target, name=one.name, evidence=one.evidence)
                    self._seen[asset.subject].see(target, now)

    def _names(self, named: dict[tuple[str, str | None], list[Named]]) -> dict[str, str]:
        configured = (one.target for every in named.values() for one in every)
        bare = (target.rpartition("://")[2].rpartition(":")[0] or target for target in configured)
        return self._resolver.names([*bare, *hosts()])

    def _read_sockets(self, assets: list[Asset], now: float, names: dict[str, str]) -> None:
        """Look at connections; where those may not be read, table `socket` and the tally tell."""
        try:
            owned = self._sockets.read(now)
        except UnreadableError:
            self._tally.add(Call("flow", "sockets", "unread"))
            return
        asset_of = {x.identity.subject: asset.subject for asset in assets for x in asset.workloads}
        sockets: dict[str, list[TcpSocket]] = defaultdict(list)
        for each in owned:
            if each.process in asset_of:
                sockets[asset_of[each.process]].append(each.socket)
        for asset, every in sockets.items():
            peers = grouped(outgoing(every), lambda address: names.get(address, ""))
            for peer, count in peers.most_common():
                name = peer.name if peer.evidence != "resolved" else name_of_host(peer.name)
                target = Target(
                    "service", peer.target, name=name, scope=peer.scope, evidence=peer.evidence
                )
                flow = self._seen[asset].see(target, now)
                if flow is not None:
                    flow.connections = count
