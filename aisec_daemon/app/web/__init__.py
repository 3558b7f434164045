"""The web server: metrics, health, and a page for people.

One request per connection, a thread for each of a bounded number of connections; why it is not
cheroot's server is in docs/decisions/0002-own-web-server.md. TLS, client certificates and
passwords come from a file in the format of Prometheus' exporter-toolkit.
"""

from aisec_daemon.app.web.address import is_loopback
from aisec_daemon.app.web.refused import WebConfigError
from aisec_daemon.app.web.server import WebServer, WebServerError
from aisec_daemon.app.web.site import Site

__all__ = ["Site", "WebConfigError", "WebServer", "WebServerError", "is_loopback"]
