"""The site: what each address answers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from aisec_daemon.app.web import runbooks
from aisec_daemon.app.web.negotiation import prefers_openmetrics, takes_gzip
from aisec_daemon.app.web.request import Request
from aisec_daemon.app.web.response import Response
from aisec_daemon.app.web.sight import Sight
from aisec_daemon.model.exposition import OPENMETRICS_TYPE, TEXT_TYPE, Page

PROBES = frozenset({"/-/healthy", "/-/ready"})
"""Addresses that say one word, to whoever asks: a kubelet has no password."""

_RULES = "/rules/"


@dataclass(frozen=True)
class Site:
    """Where the answers come from; any thread may call these.

    `healthy` while the step loop runs, `ready` once every sampler has been read; `sight` is what
    the page for people shows.
    """

    page: Callable[[], Page]
    healthy: Callable[[], bool]
    ready: Callable[[], bool]
    sight: Callable[[], Sight]

    def answer(self, request: Request) -> Response:
        """Answer a request."""
        if request.method not in {"GET", "HEAD"}:
            return Response.sentence(405, Allow="GET, HEAD")
        routes = {
            "/": self._landing,
            "/metrics": self._metrics,
            "/-/healthy": self._healthy,
            "/-/ready": self._ready,
        }
        if request.path.startswith(_RULES):
            return self._runbook(request.path.removeprefix(_RULES))
        route = routes.get(request.path)
        return route(request) if route else Response.sentence(404)

    def _metrics(self, request: Request) -> Response:
        page = self.page()
        openmetrics = prefers_openmetrics(request.header("accept"))
        headers = {
            "Content-Type": OPENMETRICS_TYPE if openmetrics else TEXT_TYPE,
            "Vary": "Accept, Accept-Encoding",
        }
        tag = f"{page.version}-{'o' if openmetrics else 't'}"
        if takes_gzip(request.header("accept-encoding")):
            headers |= {"Content-Encoding": "gzip", "ETag": f'"{tag}z"'}
            return Response(200, page.packed(openmetrics=openmetrics), headers)
        headers["ETag"] = f'"{tag}"'
        return Response(200, page.plain(openmetrics=openmetrics), headers)

    def _healthy(self, _: Request) -> Response:
        if self.healthy():
            return Response.sentence(200, "healthy")
        return Response.sentence(503, "the step loop does not run")

    def _ready(self, _: Request) -> Response:
        if self.ready():
            return Response.sentence(200, "ready")
        return Response.sentence(503, "the first round of readings is not complete")

    def _landing(self, _: Request) -> Response:
        from aisec_daemon.app.web.landing import POLICY, landing  # noqa: PLC0415 # for people only

        headers = {"Content-Type": "text/html; charset=utf-8", "Content-Security-Policy": POLICY}
        return Response(200, landing(self.sight()), headers)

    def _runbook(self, rule: str) -> Response:
        """Answer with docs/rules/<rule>.md, as it was installed."""
        file = runbooks.find(rule)
        if file is None:
            return Response.sentence(404, "there is no runbook of that name")
        return Response(200, file.read_bytes(), {"Content-Type": "text/plain; charset=utf-8"})
