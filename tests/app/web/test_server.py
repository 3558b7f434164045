"""The server as scrapers meet it."""

import base64
import gzip
import socket
import ssl
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import bcrypt
import pytest
from cryptography import x509

from aisec_daemon.app.web import Site, WebConfigError, WebServer, WebServerError

ALICE = "basic_auth_users: {alice: " + bcrypt.hashpw(b"word", bcrypt.gensalt(4)).decode() + "}\n"
TLS = "tls_server_config:\n  cert_file: server.crt\n  key_file: server.key\n"
CLIENTS = TLS + "  client_auth_type: RequireAndVerifyClientCert\n  client_ca_file: authority.pem\n"


def basic(password: str) -> str:
    return "Basic " + base64.b64encode(f"alice:{password}".encode()).decode()


def write(folder: Path, text: str) -> Path:
    file = folder / "web.yml"
    file.write_text(text)
    return file


def test_a_fault_with_one_client_keeps_out_no_other(
    start: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever it is: a page that nobody can reach any more would be noticed by nobody."""
    served = start()
    current = served.server._protection.current
    faults = [RuntimeError("broken")]
    monkeypatch.setattr(
        served.server._protection,
        "current",
        lambda: (_ for _ in ()).throw(faults.pop()) if faults else current(),
    )
    with pytest.raises(ConnectionError):
        served.get()

    assert served.get()[0] == 200
    assert any("broken" in warning for warning in served.warnings)


def test_a_scrape_gets_the_page(start: Callable[..., Any]) -> None:
    """Compressed if it likes, with the headers that keep browsers in check."""
    served = start()
    status, headers, body = served.get(Accept_Encoding="gzip")

    assert status == 200
    assert gzip.decompress(body).endswith(b"aisec_x_ratio 1.0\n")
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "Server" not in headers
    assert served.warnings == []


def test_head_gets_headers_only(start: Callable[..., Any]) -> None:
    """With the length that GET would have."""
    served = start()
    _, headers, body = served.get(method="HEAD")

    assert body == b""
    assert int(headers["Content-Length"]) == len(served.get()[2])


def test_a_body_that_nobody_reads_does_not_take_the_answer_back(start: Callable[..., Any]) -> None:
    """Closing on unread bytes would reset the connection."""
    host, port = start().server.address.split(":")
    head = b"POST / HTTP/1.1\r\nContent-Length: 300000\r\n\r\n"
    with socket.create_connection((host, int(port)), timeout=5) as client:
        client.sendall(head + b"x" * 200_000)
        time.sleep(0.2)
        client.sendall(b"x" * 100_000)
        received = b""
        while chunk := client.recv(4096):
            received += chunk

    assert received.startswith(b"HTTP/1.1 405 ")
    assert received.endswith(b"\r\n\r\nMethod Not Allowed\n")


def test_slow_tls_clients_do_not_keep_a_scrape_out(
    start: Callable[..., Any], authority: Any, trusting: Callable[..., Any], tmp_path: Path
) -> None:
    """A handshake that never comes blocks nobody else's."""
    authority.issue("server")
    served = start(write(tmp_path, TLS), connections_max=8)
    host, port = served.server.address.split(":")
    slow = [socket.create_connection((host, int(port)), timeout=5) for _ in range(12)]
    try:
        assert served.get(tls=trusting(authority))[0] == 200
    finally:
        for client in slow:
            client.close()


def test_it_stops_within_two_seconds_with_clients_there(start: Callable[..., Any]) -> None:
    """And listens no more."""
    served = start()
    host, port = served.server.address.split(":")
    with socket.create_connection((host, int(port)), timeout=5) as client:
        client.sendall(b"GET")
        time.sleep(0.1)
        begun = time.monotonic()
        served.server.stop()

        assert time.monotonic() - begun < 2
        assert client.recv(1) == b""
    with pytest.raises(OSError, match="refused"):
        socket.create_connection((host, int(port)), timeout=5)


def has_ipv6() -> bool:
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        return False
    return True


def test_ipv6_works(start: Callable[..., Any], site: Site) -> None:
    """In brackets, and with a port of the system's choice; without IPv6, that is said."""
    if not has_ipv6():
        with pytest.raises(WebServerError, match="cannot listen on"):
            WebServer("[::1]:0", site, warn=pytest.fail).start()
        return
    served = start(listen="[::1]:0")

    assert served.server.address.startswith("[::1]:")
    assert served.get()[0] == 200
    assert not served.server.unprotected


def test_an_address_in_use_is_said(start: Callable[..., Any], site: Site) -> None:
    """In one sentence, at the start."""
    address = start().server.address
    second = WebServer(address, site, warn=pytest.fail)
    with pytest.raises(WebServerError, match=f"cannot listen on {address}: another program"):
        second.start()


@pytest.mark.parametrize("listen", ["nowhere", "127.0.0.1"])
def test_an_address_that_is_none_is_said(site: Site, listen: str) -> None:
    """Before anything is started."""
    with pytest.raises(WebServerError, match="is no address"):
        WebServer(listen, site, warn=pytest.fail)


def test_a_wrong_file_is_said(site: Site, tmp_path: Path) -> None:
    """Before anything is started."""
    with pytest.raises(WebConfigError, match="did you mean"):
        WebServer(
            "127.0.0.1:0",
            site,
            write(tmp_path, "basic_auth_user: {}"),
            warn=pytest.fail,
        )


def test_an_open_door_is_said(start: Callable[..., Any], tmp_path: Path) -> None:
    """On every interface without a password it starts, warns, and tells."""
    served = start(listen="0.0.0.0:0")
    guarded = start(write(tmp_path, ALICE), listen="0.0.0.0:0")

    assert served.server.unprotected
    assert "anyone who can reach 0.0.0.0:" in served.warnings[0]
    assert not guarded.server.unprotected
    assert guarded.warnings == []
    assert not start().server.unprotected


@pytest.mark.parametrize("path", ["/", "/metrics", "/rules/blind", "/nothing", "/-/healthy/"])
def test_a_password_protects_everything(
    start: Callable[..., Any], tmp_path: Path, path: str
) -> None:
    """Like the toolkit: even what is not there."""
    served = start(write(tmp_path, ALICE))
    status, headers, body = served.get(path)

    assert status == 401
    assert headers["WWW-Authenticate"].startswith("Basic realm=")
    assert body == b"Unauthorized\n"
    assert served.get(path, Authorization=basic("wrong"))[0] == 401
    assert served.get(path, Authorization=basic("word"))[0] in {200, 404}


@pytest.mark.parametrize("path", ["/-/healthy", "/-/ready"])
def test_probes_need_no_password(start: Callable[..., Any], tmp_path: Path, path: str) -> None:
    """They say one word, and a kubelet has no password."""
    status, _, body = start(write(tmp_path, ALICE)).get(path)

    assert status == 200
    assert body in {b"healthy\n", b"ready\n"}


def test_users_can_be_changed_while_it_runs(start: Callable[..., Any], tmp_path: Path) -> None:
    """A file that is wrong changes nothing."""
    file = write(tmp_path, ALICE)
    served = start(file)
    file.write_text("wrong: 1\n")
    kept = served.get()[0], served.get(Authorization=basic("word"))[0]
    file.write_text("# nobody in particular\n")

    assert kept == (401, 200)
    assert len(served.warnings) == 1
    assert "goes on with what it had" in served.warnings[0]
    assert served.get()[0] == 200


def test_the_operators_headers_are_on_every_answer(
    start: Callable[..., Any], tmp_path: Path
) -> None:
    """On refusals too."""
    text = "http_server_config: {headers: {Strict-Transport-Security: max-age=1}}\n" + ALICE
    served = start(write(tmp_path, text))

    assert served.get()[1]["Strict-Transport-Security"] == "max-age=1"


def test_tls_serves_and_plain_http_gets_nothing(
    start: Callable[..., Any], authority: Any, trusting: Callable[..., Any], tmp_path: Path
) -> None:
    """And the server goes on after one who did not speak it."""
    authority.issue("server")
    served = start(write(tmp_path, TLS))
    with pytest.raises(OSError, match=r"."):
        served.get()

    assert served.get(tls=trusting(authority))[0] == 200


def test_a_certificate_is_renewed_while_it_runs(
    start: Callable[..., Any], authority: Any, trusting: Callable[..., Any], tmp_path: Path
) -> None:
    """The next connection sees the new one."""
    authority.issue("server")
    served = start(write(tmp_path, TLS))

    def serial() -> str:
        host, port = served.server.address.split(":")
        with (
            socket.create_connection((host, int(port)), timeout=5) as plain,
            trusting(authority).wrap_socket(plain, server_hostname=host) as wrapped,
        ):
            certificate = wrapped.getpeercert()
            assert certificate
            return str(certificate["serialNumber"])

    first = serial()
    authority.issue("server")

    assert serial() != first


def test_old_versions_are_refused(
    start: Callable[..., Any], authority: Any, trusting: Callable[..., Any], tmp_path: Path
) -> None:
    """A client of TLS 1.2 meets a server of TLS 1.3."""
    authority.issue("server")
    served = start(write(tmp_path, TLS + "  min_version: TLS13\n"))
    old = trusting(authority)
    old.maximum_version = ssl.TLSVersion.TLSv1_2
    with pytest.raises(ssl.SSLError):
        served.get(tls=old)

    assert served.get(tls=trusting(authority))[0] == 200


def refused(served: Any, tls: ssl.SSLContext) -> bool:
    """With TLS 1.3 a client learns of it at its first read."""
    try:
        served.get(tls=tls)
    except OSError:
        return True
    return False


def test_a_client_certificate_is_asked_for_and_checked(
    start: Callable[..., Any], authority: Any, trusting: Callable[..., Any], tmp_path: Path
) -> None:
    """None, and one of another authority, are refused."""
    authority.issue("server")
    served = start(write(tmp_path, CLIENTS), listen="0.0.0.0:0")
    stranger = type(authority)(tmp_path, "stranger").issue("intruder")
    served.server._host = "127.0.0.1"

    assert refused(served, trusting(authority))
    assert refused(served, trusting(authority, stranger))
    assert served.get(tls=trusting(authority, authority.issue("scraper")))[0] == 200
    assert served.warnings == []


def test_a_client_certificate_may_be_left_out_where_the_file_says_so(
    start: Callable[..., Any], authority: Any, trusting: Callable[..., Any], tmp_path: Path
) -> None:
    """But one that is given must be good."""
    authority.issue("server")
    text = CLIENTS.replace("RequireAndVerifyClientCert", "VerifyClientCertIfGiven")
    served = start(write(tmp_path, text))
    stranger = type(authority)(tmp_path, "stranger").issue("intruder")

    assert served.get(tls=trusting(authority))[0] == 200
    assert refused(served, trusting(authority, stranger))


def test_a_client_certificate_must_have_an_allowed_name(
    start: Callable[..., Any], authority: Any, trusting: Callable[..., Any], tmp_path: Path
) -> None:
    """Exactly one of those in the file."""
    authority.issue("server")
    served = start(write(tmp_path, CLIENTS + "  client_allowed_sans: [prometheus.example]\n"))
    right = authority.issue("right", sans=(x509.DNSName("prometheus.example"),))
    wrong = authority.issue("wrong", sans=(x509.DNSName("x.prometheus.example"),))

    assert refused(served, trusting(authority, wrong))
    assert served.get(tls=trusting(authority, right))[0] == 200


def test_it_says_where_a_browser_finds_it(
    start: Callable[..., Any], authority: Any, tmp_path: Path
) -> None:
    """With the scheme it speaks, and a host that is one."""
    authority.issue("server")
    plain, everywhere = start(), start(listen=":0")
    secure = start(write(tmp_path, TLS))

    assert plain.server.url == f"http://{plain.server.address}/"
    assert everywhere.server.url == f"http://localhost{everywhere.server.address}/"
    assert secure.server.url == f"https://{secure.server.address}/"
