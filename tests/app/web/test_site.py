"""What each address answers."""

import gzip
from dataclasses import replace

import pytest

from aisec_daemon.app.web.request import Request
from aisec_daemon.app.web.site import Site


def test_metrics_come_in_the_format_that_is_wanted(site: Site) -> None:
    """Each with its type; every form has a tag of its own."""
    accepts = {"accept": "application/openmetrics-text"}
    packed = {"accept-encoding": "gzip"}
    answers = [
        site.answer(Request("GET", "/metrics", headers))
        for headers in ({}, accepts, packed, accepts | packed)
    ]

    assert answers[0].headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert answers[1].headers["Content-Type"].startswith("application/openmetrics-text; version=1")
    assert gzip.decompress(answers[2].body) == answers[0].body
    assert gzip.decompress(answers[3].body) == answers[1].body
    assert answers[1].body.endswith(b"# EOF\n")
    assert len({answer.headers["ETag"] for answer in answers}) == 4


def test_health_follows_the_step_loop(site: Site) -> None:
    """200 while it runs."""
    dead = replace(site, healthy=lambda: False)

    assert site.answer(Request("GET", "/-/healthy")).status == 200
    assert dead.answer(Request("GET", "/-/healthy")).status == 503


def test_readiness_follows_the_first_round(site: Site) -> None:
    """503 until it is complete."""
    early = replace(site, ready=lambda: False)

    assert early.answer(Request("GET", "/-/ready")).status == 503
    assert site.answer(Request("GET", "/-/ready")).status == 200


@pytest.mark.parametrize("path", ["/nothing", "/metrics/", "/../etc/passwd", "*"])
def test_there_is_nothing_else(site: Site, path: str) -> None:
    """404 for whatever is not there."""
    assert site.answer(Request("GET", path)).status == 404


@pytest.mark.parametrize("method", ["POST", "DELETE", "OPTIONS", "TRACE", "get"])
def test_only_reading_is_allowed(site: Site, method: str) -> None:
    """405 says what is."""
    answer = site.answer(Request(method, "/metrics"))

    assert (answer.status, answer.headers["Allow"]) == (405, "GET, HEAD")


def test_the_landing_page_brings_its_own_policy(site: Site) -> None:
    """It has a style, which the others have not."""
    answer = site.answer(Request("GET", "/"))

    assert "style-src" in answer.headers["Content-Security-Policy"]
    assert answer.body.startswith(b"<!doctype html>")


def test_a_runbook_is_served_as_it_was_installed(site: Site) -> None:
    """Plain text: it is read at night, in whatever there is."""
    answer = site.answer(Request("GET", "/rules/blind"))

    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert answer.body.startswith(b"# blind\n")


@pytest.mark.parametrize(
    "name",
    ["", "nothing", "../../README", "..%2f..%2fREADME", "blind.md", "blind/", "BLIND", "a\0"],
)
def test_nothing_but_runbooks_is_served(site: Site, name: str) -> None:
    """A name of a rule, or 404."""
    assert site.answer(Request("GET", f"/rules/{name}")).status == 404
