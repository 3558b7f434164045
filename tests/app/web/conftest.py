"""Sites, servers and certificates for tests."""

import http.client
import ipaddress
import ssl
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from aisec_daemon.app.web import Site, WebServer
from aisec_daemon.app.web.sight import Sight
from aisec_daemon.model.exposition import Family, Page, samples

PAGE = Page("7", lambda: [samples(Family("aisec_x_ratio", "gauge", "X."), [({}, 1.0)], {})])


@pytest.fixture
def site() -> Site:
    return Site(lambda: PAGE, lambda: True, lambda: True, lambda: Sight("1", "node1", 0.0))


@dataclass
class Started:
    """A server that runs, and what it warned of."""

    server: WebServer
    warnings: list[str] = field(default_factory=list)

    def get(
        self,
        path: str = "/metrics",
        *,
        method: str = "GET",
        tls: ssl.SSLContext | None = None,
        **headers: str,
    ) -> tuple[int, dict[str, str], bytes]:
        host, _, port = self.server.address.rpartition(":")
        host = host.strip("[]")
        if tls is None:
            connection = http.client.HTTPConnection(host, int(port), timeout=10)
        else:
            connection = http.client.HTTPSConnection(host, int(port), timeout=10, context=tls)
        try:
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            connection.request(method, path, headers=named)
            response = connection.getresponse()
            return response.status, dict(response.getheaders()), response.read()
        finally:
            connection.close()


@pytest.fixture
def start(site: Site) -> Iterator[Callable[..., Started]]:
    """Start servers, and stop them in the end."""
    running: list[WebServer] = []

    def begin(
        config: Path | None = None,
        *,
        listen: str = "127.0.0.1:0",
        of: Site = site,
        **options: float,
    ) -> Started:
        warnings: list[str] = []
        server = WebServer(listen, of, config, warn=warnings.append, **options)  # type: ignore[arg-type]
        server.start()
        running.append(server)
        return Started(server, warnings)

    yield begin
    for server in running:
        server.stop()


@dataclass(frozen=True)
class Issued:
    """A certificate and its key, as files."""

    cert: Path
    key: Path


class Authority:
    """Issues certificates into a folder."""

    def __init__(self, folder: Path, name: str) -> None:
        self.folder = folder
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self._key = ec.generate_private_key(ec.SECP256R1())
        certificate = self._sign(self._name, self._key, [], ca=True)
        self.file = folder / f"{name}.pem"
        self.file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))

    def issue(self, name: str, *, sans: tuple[x509.GeneralName, ...] = ()) -> Issued:
        """Write `<name>.crt` and `<name>.key`; anew if they are there."""
        key = ec.generate_private_key(ec.SECP256R1())
        local = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        certificate = self._sign(subject, key, [local, *sans], ca=False)
        issued = Issued(self.folder / f"{name}.crt", self.folder / f"{name}.key")
        issued.cert.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        issued.key.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )
        return issued

    def _sign(
        self,
        subject: x509.Name,
        key: ec.EllipticCurvePrivateKey,
        sans: list[x509.GeneralName],
        *,
        ca: bool,
    ) -> x509.Certificate:
        now = datetime.now(timezone.utc)
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=1))
            .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        )
        if sans:
            builder = builder.add_extension(x509.SubjectAlternativeName(sans), critical=False)
        return builder.sign(self._key, hashes.SHA256())


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path, "authority")


def trusting(authority: Authority, client: Issued | None = None) -> ssl.SSLContext:
    """Return a client's context."""
    context = ssl.create_default_context(cafile=str(authority.file))
    if client is not None:
        context.load_cert_chain(client.cert, client.key)
    return context


@pytest.fixture(name="trusting")
def _trusting() -> Callable[..., ssl.SSLContext]:
    return trusting
