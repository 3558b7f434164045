"""Alertmanager: findings pushed as alerts, without Prometheus in between."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, ClassVar
from urllib.parse import urlsplit

from aisec_daemon.model import Tick
from aisec_daemon.model.exposition import Family
from aisec_daemon.sinks import Place, Sink
from aisec_daemon.sinks.alerting.address import Address
from aisec_daemon.sinks.alerting.credentials import Credentials
from aisec_daemon.sinks.alerting.policy import Policy
from aisec_daemon.sinks.alerting.tally import FAMILIES, Tally
from aisec_daemon.sinks.alerting.tls import Tls

if TYPE_CHECKING:
    from aisec_daemon.sinks.alerting.courier import Courier

_LABEL = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")


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
            _refuse_label(label)
        for address in (self.runbooks, self.page):
            if address and not _is_address(address):
                raise ValueError("runbooks and page must be addresses: https://…")
        self._policy()
        self._credentials()
        self._tls()

    def open(self, place: Place) -> Sink:
        """Start a thread for each Alertmanager."""
        if not self.urls:
            return _Nobody()
        from aisec_daemon.sinks.alerting.alertmanagers import (  # noqa: PLC0415 # most have none
            Alertmanagers,
        )

        couriers = [self._courier(Address.parse(url), place) for url in self.urls]
        return Alertmanagers(couriers, place.board)

    def _courier(self, address: Address, place: Place) -> Courier:
        from aisec_daemon.sinks.alerting.courier import Courier  # noqa: PLC0415 # as above
        from aisec_daemon.sinks.alerting.delivery import Delivery  # noqa: PLC0415
        from aisec_daemon.sinks.alerting.post import Poster  # noqa: PLC0415
        from aisec_daemon.sinks.alerting.wording import Wording  # noqa: PLC0415

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


class _Nobody:
    """Without an Alertmanager nothing is to be done."""

    def __call__(self, tick: Tick) -> None:
        """Take one tick."""

    def close(self) -> None:
        """Nothing is held."""


def _refuse_label(label: str) -> None:
    """Raise ValueError for what is no label of an operator's own."""
    from aisec_daemon.sinks.alerting.wording import OWN  # noqa: PLC0415 # most have none

    name, equals, word = label.partition("=")
    if not equals or not word or not _LABEL.fullmatch(name):
        raise ValueError(f"labels must look like cluster=a, not {label!r}")
    if name in OWN or name.startswith("__"):
        raise ValueError(f"the label {name} is the daemon's own")


def _is_address(text: str) -> bool:
    """Tell whether Alertmanager would take a text as the address of something."""
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return bool(re.fullmatch("[!-~]+", text) and parts.scheme in {"http", "https"} and parts.netloc)
