"""From bytes to a request."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aisec_daemon.app.web.request import RequestError, parse_head


def test_a_head_is_parsed() -> None:
    """Names lose their case, values their blanks, repeated fields are joined."""
    request = parse_head(b"GET /metrics?x=1 HTTP/1.1\r\nAccept: a\r\naccept:\t b \r\nHost: h\r\n")

    assert (request.method, request.path) == ("GET", "/metrics")
    assert request.header("Accept") == "a, b"
    assert request.header("missing") == ""


@pytest.mark.parametrize(
    ("target", "path"),
    [
        ("/", "/"),
        ("http://host:1/metrics?x", "/metrics"),
        ("http://host", "/"),
        ("/a?u=http://x/y", "/a"),
        ("/a://b", "/a://b"),
    ],
)
def test_a_target_is_its_path(target: str, path: str) -> None:
    """Absolute targets, as proxies send them, lose their host."""
    assert parse_head(f"GET {target} HTTP/1.0".encode()).path == path


@pytest.mark.parametrize(
    ("head", "status"),
    [
        (b"", 400),
        (b"GET /", 400),
        (b"GET  / HTTP/1.1", 400),
        (b"\x16\x03\x01\x02\x00", 400),
        (b"PRI * HTTP/2.0", 505),
        (b"GET / HTTP/1.1\r\nno colon", 400),
        (b"GET / HTTP/1.1\r\nHost: a\r\n folded", 400),
        (b"GET / HTTP/1.1\r\nHost : a", 400),
    ],
)
def test_what_is_no_request_is_refused(head: bytes, status: int) -> None:
    """With the status that says why."""
    with pytest.raises(RequestError) as caught:
        parse_head(head)

    assert caught.value.status == status


@pytest.mark.parametrize(
    ("field", "more"),
    [
        (b"Content-Length: 5", True),
        (b"Content-Length: 0", False),
        (b"Transfer-Encoding: chunked", True),
        (b"Host: a", False),
    ],
)
def test_a_body_is_noticed(field: bytes, more: bool) -> None:
    """Of either kind."""
    assert parse_head(b"POST / HTTP/1.1\r\n" + field).has_body is more


@given(st.binary(max_size=200) | st.binary(max_size=99).map(lambda b: b"GET / HTTP/1.1\r\n" + b))
def test_any_bytes_are_a_request_or_refused(head: bytes) -> None:
    """Nothing else is ever raised."""
    with contextlib.suppress(RequestError):
        assert parse_head(head).method
