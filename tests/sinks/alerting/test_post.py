"""One request, and everything that a server or a network may do to it."""

from __future__ import annotations

import math
import socket
import ssl
import time
from contextlib import contextmanager, suppress
from threading import Thread

import pytest
from cryptography import x509

from aisec_daemon.sinks.alerting.address import Address
from aisec_daemon.sinks.alerting.answer import Outcome
from aisec_daemon.sinks.alerting.credentials import Credentials
from aisec_daemon.sinks.alerting.post import Poster
from aisec_daemon.sinks.alerting.tls import Tls
from tests.app.web.conftest import Authority
from tests.sinks.alerting.server import reply, serving

NONE, PLAIN = Credentials(), Tls()


def poster(port: int, credentials=NONE, tls=PLAIN, *, scheme: str = "http", timeout: float = 5.0):
    address = Address.parse(f"{scheme}://127.0.0.1:{port}/prefix")
    return Poster(address, credentials, tls, timeout)


def test_alerts_are_posted_to_the_api_under_the_prefix():
    with serving() as server:
        answer = poster(server.port)(b"[]")

    ((path, headers, body),) = server.requests
    assert (path, body) == ("/prefix/api/v2/alerts", b"[]")
    assert headers["Content-Type"] == "application/json"
    assert headers["Host"] == f"127.0.0.1:{server.port}"
    assert "Authorization" not in headers
    assert (answer.outcome, answer.code) == (Outcome.TAKEN, "200")
    assert abs(answer.date - time.time()) < 3
    assert 0 < answer.seconds < 5


def test_the_secret_is_that_of_now(tmp_path):
    file = tmp_path / "token"
    with serving() as server:
        post = poster(server.port, Credentials(token_file=str(file)))
        assert post(b"[]").code == "secret"
        for token in ("one", "two"):
            file.write_text(token)
            post(b"[]")

    assert [h["Authorization"] for _, h, _ in server.requests] == ["Bearer one", "Bearer two"]


@pytest.mark.parametrize(
    ("status", "kind", "outcome"),
    [
        (202, "text/plain", Outcome.TAKEN),
        (400, "application/json", Outcome.REFUSED),
        (422, "application/json", Outcome.REFUSED),
        (400, "text/plain", Outcome.MISTAKE),  # plain HTTP to a server that speaks TLS
        (401, "text/plain", Outcome.MISTAKE),
        (403, "text/plain", Outcome.MISTAKE),
        (404, "text/plain", Outcome.MISTAKE),
        (301, "text/plain", Outcome.MISTAKE),
        (429, "text/plain", Outcome.LATER),
        (500, "text/plain", Outcome.LATER),
        (503, "text/plain", Outcome.LATER),
    ],
)
def test_a_status_says_what_to_do(status, kind, outcome):
    with serving() as server:
        server.say = lambda handler: reply(handler, status, b'"why\x1b[31m"', kind)
        answer = poster(server.port)(b"[]")

    assert (answer.outcome, answer.code) == (outcome, str(status))
    assert answer.sentence.isprintable()
    assert (f"HTTP {status}" in answer.sentence) == (status != 202)


def test_a_redirect_is_not_followed(tmp_path):
    (tmp_path / "token").write_text("hunter2")
    with serving() as thief, serving() as server:
        to = f"http://127.0.0.1:{thief.port}/api/v2/alerts"
        server.say = lambda handler: reply(handler, 307, Location=to)
        answer = poster(server.port, Credentials(token_file=str(tmp_path / "token")))(b"[]")

    assert thief.requests == []
    assert "redirects" in answer.sentence


def test_what_a_server_repeats_of_a_secret_is_blotted_out(tmp_path):
    (tmp_path / "password").write_text("hunter2")
    with serving() as server:
        server.say = lambda handler: reply(
            handler, 400, f'"bad {handler.headers["Authorization"]} hunter2"'.encode()
        )
        answer = poster(server.port, Credentials("aisec", str(tmp_path / "password")))(b"[]")

    assert answer.sentence == 'HTTP 400: "bad Basic … …"'


@pytest.mark.parametrize("date", ["", "yesterday", "Thu, 99 Foo 2026 10:00:00 GMT", "1" * 5000])
def test_a_date_that_is_none_is_not_known(date):
    with serving() as server:
        server.say = lambda handler: handler.wfile.write(
            f"HTTP/1.1 200 OK\r\nDate: {date}\r\nContent-Length: 0\r\n\r\n".encode()
        )
        answer = poster(server.port)(b"[]")

    assert answer.outcome is Outcome.TAKEN
    assert math.isnan(answer.date)


@contextmanager
def listening(talk):
    """Accept one connection and let `talk` treat it."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def accept() -> None:
            connection, _ = server.accept()
            with connection, suppress(OSError):
                talk(connection)

        thread = Thread(target=accept, daemon=True)
        thread.start()
        yield server.getsockname()[1]
        thread.join(timeout=10)


def hang(connection: socket.socket) -> None:
    while connection.recv(65536):
        pass


def drip(connection: socket.socket) -> None:
    for byte in b"HTTP/1.1 200 OK\r\nX: " + b"x" * 1000:
        connection.sendall(bytes([byte]))
        time.sleep(0.05)


def flood(connection: socket.socket) -> None:
    connection.recv(10)
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n")
    while True:
        connection.sendall(b"x" * 65536)


def slam(connection: socket.socket) -> None:
    connection.recv(10)


def mumble(connection: socket.socket) -> None:
    connection.recv(10)
    connection.sendall(b"220 smtp.example.org ESMTP hunter2\r\n")


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("talk", [hang, drip])
def test_one_deadline_holds_for_everything(talk, scheme):
    """However slowly it answers, and if it never does."""
    with listening(talk) as port:
        begun = time.monotonic()
        answer = poster(port, scheme=scheme, timeout=0.6)(b"[]" * 10)
        took = time.monotonic() - begun

    expected = ("timeout", "tls") if scheme == "https" and talk is drip else ("timeout",)
    assert answer.code in expected
    assert took < 3


def test_an_answer_without_end_is_not_read_to_its_end():
    with listening(flood) as port:
        assert poster(port)(b"[]").outcome is Outcome.TAKEN


@pytest.mark.parametrize("talk", [slam, mumble])
def test_what_is_no_answer_is_a_failure_that_may_pass(talk):
    with listening(talk) as port:
        answer = poster(port)(b"[]" * 1000)

    assert (answer.outcome, answer.code) in {
        (Outcome.LATER, "connection"),
        (Outcome.LATER, "protocol"),
    }
    assert "hunter2" not in answer.sentence


def test_nobody_there_is_a_failure_that_may_pass():
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]

    assert poster(port)(b"[]").code == "refused"
    name = Address.parse("http://nowhere.invalid")
    assert Poster(name, NONE, PLAIN, 5.0)(b"[]").code == "name"


def test_a_server_that_answers_before_it_has_read_everything_is_heard():
    def refuse(connection: socket.socket) -> None:
        connection.recv(100)
        connection.sendall(b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n")
        connection.shutdown(socket.SHUT_RDWR)

    with listening(refuse) as port:
        answer = poster(port)(b"x" * 8_000_000)

    assert answer.code in {"401", "connection"}  # a reset may overtake the answer


@pytest.fixture
def authority(tmp_path) -> Authority:
    return Authority(tmp_path, "ca")


def server_side(authority: Authority, *, ask: bool = False, **names) -> ssl.SSLContext:
    issued = authority.issue("server", **names)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(issued.cert, issued.key)
    if ask:
        context.load_verify_locations(authority.file)
        context.verify_mode = ssl.CERT_REQUIRED
    return context


def test_a_certificate_of_the_authority_is_trusted(authority):
    tls = Tls(ca_file=str(authority.file))
    with serving(server_side(authority)) as server:
        assert poster(server.port, tls=tls, scheme="https")(b"[]").code == "200"


def test_one_of_another_authority_is_not_and_nothing_is_sent_to_it(authority, tmp_path):
    (tmp_path / "token").write_text("hunter2")
    with serving(server_side(authority)) as server:
        credentials = Credentials(token_file=str(tmp_path / "token"))
        answer = poster(server.port, credentials, PLAIN, scheme="https")(b"[]")

    assert (answer.outcome, answer.code) == (Outcome.MISTAKE, "certificate")
    assert server.requests == []


def test_another_name_can_be_expected_of_it(authority):
    context = server_side(authority, sans=(x509.DNSName("am.example.org"),))
    with serving(context) as server:
        codes = [
            poster(server.port, tls=Tls(str(authority.file), server_name=name), scheme="https")(
                b"[]"
            ).code
            for name in ("am.example.org", "other.example.org")
        ]

    assert codes == ["200", "certificate"]


def test_we_have_a_certificate_if_they_want_one(authority):
    ours = authority.issue("client")
    with serving(server_side(authority, ask=True)) as server:
        without = poster(server.port, tls=Tls(str(authority.file)), scheme="https")(b"[]")
        tls = Tls(str(authority.file), str(ours.cert), str(ours.key))
        with_ours = poster(server.port, tls=tls, scheme="https")(b"[]")

    assert with_ours.code == "200"
    assert without.outcome is not Outcome.TAKEN


def test_a_certificate_that_is_renewed_is_used_without_a_restart(authority, tmp_path):
    ca = tmp_path / "trusted.pem"
    with serving(server_side(authority)) as server:
        post = poster(server.port, tls=Tls(str(ca)), scheme="https")
        codes = [post(b"[]").code]
        ca.write_bytes(Authority(tmp_path, "other").file.read_bytes())
        codes.append(post(b"[]").code)
        ca.write_bytes(authority.file.read_bytes())
        codes.append(post(b"[]").code)

    assert codes == ["tls_files", "certificate", "200"]


def test_speaking_tls_to_who_does_not_is_a_mistake_that_is_told():
    with serving() as server:
        answer = poster(server.port, scheme="https")(b"[]")

    assert (answer.outcome, answer.code) == (Outcome.MISTAKE, "tls")
