"""Alertmanager: findings pushed as alerts, without Prometheus in between."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from time import monotonic
from typing import Annotated, ClassVar
from urllib.parse import urlsplit

from aisec_daemon.model import Tick
from aisec_daemon.model.exposition import Board, Family
from aisec_daemon.sinks import Place
from aisec_daemon.sinks.alerting.address import Address
from aisec_daemon.sinks.alerting.courier import Courier
from aisec_daemon.sinks.alerting.credentials import Credentials
from aisec_daemon.sinks.alerting.delivery import Delivery
from aisec_daemon.sinks.alerting.policy import Policy
from aisec_daemon.sinks.alerting.post import Poster
from aisec_daemon.sinks.alerting.tally import FAMILIES, Tally
from aisec_daemon.sinks.alerting.tls import Tls
from aisec_daemon.sinks.alerting.wording import OWN, Wording
from aisec_daemon.sinks.alerting.worker import Latest, Worker

_LABEL = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
_CLOSE_SECONDS = 1.5


@dataclass(frozen=True)
class AlertmanagerOutlet:
    """Alerts to every Alertmanager in `urls`, to none if there are none; see docs/alerting.md.

    One dead Alertmanager delays no other: each has a thread, and a place in the outbox.
    """

    on: ClassVar[bool] = True
    replays: ClassVar[bool] = False
    families: ClassVar[tuple[Family, ...]] = FAMILIES

    urls: Annotated[
        tuple[str, ...], "each Alertmanager, all members of a cluster: https://am1.example.org:9093"
    ] = ()
    ca_file: Annotated[str, "certificates to trust; the system's if empty"] = ""
    certificate_file: Annotated[str, "our own certificate, if they want one"] = ""
    key_file: Annotated[str, "its key, unless that is in the same file"] = ""
    server_name: Annotated[str, "name to expect in their certificate; the host's if empty"] = ""
    user: Annotated[str, "user of basic authentication"] = ""
    password_file: Annotated[str, "file with that user's password"] = ""
    token_file: Annotated[str, "file with a bearer token"] = ""
    labels: Annotated[tuple[str, ...], "labels of your own on every alert: cluster=a"] = ()
    runbooks: Annotated[
        str, "address of the runbooks: https://wiki.example.org/rules/{rule}.md; page's if empty"
    ] = ""
    page: Annotated[str, "address of this node's page: http://node7.example.org:9837/"] = ""
    timeout: Annotated[float, "seconds for a request, from connecting to the answer"] = 10.0
    resend: Annotated[float, "seconds after which an open finding is told again"] = 60.0
    expire: Annotated[float, "seconds after which alerts resolve should this daemon die"] = 3600.0
    firing: Annotated[
        float, "seconds an alert fires at least: more than group_wait and group_interval"
    ] = 330.0
    patience: Annotated[float, "seconds of failures before a failure that may pass is told"] = 120.0

    def __post_init__(self) -> None:
        if len({Address.parse(url).name for url in self.urls}) < len(self.urls):
            raise ValueError("urls names an Alertmanager twice")
        if min(self.timeout, self.patience) <= 0:
            raise ValueError("timeout and patience must be more than 0 seconds")
        for label in self.labels:
            name, equals, word = label.partition("=")
            if not equals or not word or not _LABEL.fullmatch(name):
                raise ValueError(f"labels must look like cluster=a, not {label!r}")
            if name in OWN or name.startswith("__"):
                raise ValueError(f"the label {name} is the daemon's own")
        for address in (self.runbooks, self.page):
            if address and not _is_address(address):
                raise ValueError("runbooks and page must be addresses: https://…")
        self._policy()
        self._credentials()
        self._tls()

    def open(self, place: Place) -> Alertmanagers:
        """Start a thread for each Alertmanager."""
        couriers = [self._courier(Address.parse(url), place) for url in self.urls]
        return Alertmanagers(couriers, place.board)

    def _courier(self, address: Address, place: Place) -> Courier:
        labels = dict(label.split("=", 1) for label in self.labels)
        runbooks = self.runbooks or (self.page and f"{self.page.rstrip('/')}/rules/{{rule}}")
        wording = Wording(place.node, labels, runbooks, self.page)
        return Courier(
            address.name,
            place.outbox,
            Delivery(self._policy(), wording),
            Poster(address, self._credentials(), self._tls(), self.timeout),
            Tally(place.board, address.name),
            patience=self.patience,
            seed=place.node,
        )

    def _policy(self) -> Policy:
        return Policy(self.resend, self.expire, self.firing)

    def _credentials(self) -> Credentials:
        return Credentials(self.user, self.password_file, self.token_file)

    def _tls(self) -> Tls:
        return Tls(self.ca_file, self.certificate_file, self.key_file, self.server_name)


class Alertmanagers:
    """Hands each tick's time and findings to the threads, and says what troubles them."""

    def __init__(self, couriers: Sequence[Courier], board: Board) -> None:
        self._board = board
        self._latest = Latest()
        self._workers = [Worker(courier, self._latest) for courier in couriers]

    def __call__(self, tick: Tick) -> None:
        """Take one tick; OSError if an Alertmanager takes no alerts."""
        self._latest.take(tick)
        if tick.changes:
            for worker in self._workers:
                worker.wake()
        troubles = [trouble for worker in self._workers if (trouble := worker.tend())]
        if troubles:
            raise OSError("; ".join(troubles))

    def close(self) -> None:
        """End the threads; what is not delivered stays in the outbox."""
        for worker in self._workers:
            worker.stop()
        end = monotonic() + _CLOSE_SECONDS
        for worker in self._workers:
            worker.join(max(end - monotonic(), 0.0))
        for family in FAMILIES:
            self._board.hide(family)


def _is_address(text: str) -> bool:
    """Tell whether Alertmanager would take a text as the address of something."""
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return bool(re.fullmatch("[!-~]+", text) and parts.scheme in {"http", "https"} and parts.netloc)
