"""What is sent back."""

from aisec_daemon.app.web.response import Response


def parse(data: bytes) -> tuple[str, dict[str, str], bytes]:
    head, _, body = data.partition(b"\r\n\r\n")
    first, *rest = head.decode().split("\r\n")
    return first, dict(line.split(": ", 1) for line in rest), body


def test_a_response_says_nothing_of_its_server_and_is_not_kept() -> None:
    """No banner; browsers neither store, sniff nor frame it."""
    first, headers, body = parse(Response.sentence(404).encode({}, head_only=False))

    assert first == "HTTP/1.1 404 Not Found"
    assert "Server" not in headers
    assert headers["Cache-Control"] == "no-store"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert body == b"Not Found\n"
    assert headers["Content-Length"] == str(len(body))


def test_head_gets_the_length_and_no_body() -> None:
    """The same headers as for GET."""
    _, headers, body = parse(Response(200, b"12345").encode({}, head_only=True))

    assert (headers["Content-Length"], body) == ("5", b"")


def test_the_operators_headers_win() -> None:
    """Each header is there once."""
    data = Response(200, b"").encode({"X-Frame-Options": "sameorigin"}, head_only=False)

    assert data.count(b"X-Frame-Options") == 1
    assert b"X-Frame-Options: sameorigin" in data
