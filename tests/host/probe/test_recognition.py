"""What answers mean: by small servers that answer as the services' documentation says."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aisec_daemon.host.probe.get import Answer
from aisec_daemon.host.probe.measuring import measure
from aisec_daemon.host.probe.recognition import Measured, recognise
from aisec_daemon.host.probe.services import services
from tests.host.probe.answers import ANSWERS, UNMEASURED
from tests.host.probe.servers import page, serving, site

NOTHING = page(404, "not found")
EVERY = tuple(services().values())
PROTECTED = [name for name, (_, protected, _) in ANSWERS.items() if protected]


def asked(pages, *names, claimed="", other=NOTHING):
    """Return what was measured of such a site, and what it was asked."""
    wanted = [services()[name] for name in names] or EVERY
    with serving(site(pages, other)) as server:
        found = measure(server.target, wanted, claimed)
    return found, server.paths


def test_every_class_has_answers_here():
    assert {*ANSWERS, *UNMEASURED} == set(services())


@pytest.mark.parametrize("name", ANSWERS)
@pytest.mark.parametrize("among", ["alone", "all"])
def test_a_service_that_lets_anybody_in(name, among):
    pages, _, version = ANSWERS[name]
    found, paths = asked(pages, *([name] if among == "alone" else []))

    assert found == Measured(name, version, "open", answered=True)
    assert len(paths) == len(set(paths))


@pytest.mark.parametrize("name", PROTECTED)
def test_a_service_that_asks_who_you_are(name):
    found, _ = asked(ANSWERS[name][1], name)

    assert (found.service, found.authentication) == (name, "protected")


@pytest.mark.parametrize("name", UNMEASURED)
def test_a_service_that_does_not_tell(name):
    found, _ = asked(UNMEASURED[name], name)

    assert (found.service, found.authentication) == (name, "unknown")


def test_an_app_of_flask_on_port_5000_is_not_mlflow():
    """It answers everything, with status 200."""
    found, paths = asked({}, "mlflow", other=page(200, '{"experiments": []}', "Server: Werkzeug"))

    assert found == Measured("", "", "unknown", answered=True)
    assert len(paths) == 1


@pytest.mark.parametrize(
    "body", ["", "OK", "ok", "[]", "{}", '{"version": "1.2.3"}', '{"status":"ok"}', "<html>"]
)
def test_a_generic_answer_to_everything_is_nobody(body):
    found, _ = asked({}, other=page(200, body))

    assert (found.service, found.authentication) == ("", "unknown")


@pytest.mark.parametrize(
    ("status", "authentication"), [(401, "protected"), (403, "unknown"), (404, "unknown")]
)
def test_a_refusal_without_a_mark_is_of_nobody_known(status, authentication):
    found, _ = asked({}, "jupyter", "mlflow", other=page(status, "no"))

    assert found == Measured("", "", authentication, answered=True)


def test_a_refusal_beside_a_page_that_all_may_read_says_nothing():
    found, _ = asked({"/": page(200, "hello")}, "ollama", "mlflow", other=page(401, "no"))

    assert found.authentication == "unknown"


@pytest.mark.parametrize("status", [401, 403])
def test_of_a_program_that_is_known_a_refusal_is_enough(status):
    """Jupyter may refuse /api itself."""
    found, _ = asked({}, "jupyter", claimed="jupyter", other=page(status, "no"))

    assert (found.service, found.authentication) == ("", "protected")


def test_of_a_program_that_is_known_a_page_is_not_enough():
    found, _ = asked({}, "jupyter", claimed="jupyter", other=page(200, "welcome"))

    assert found.authentication == "unknown"


def test_a_login_page_is_not_open():
    found, _ = asked({}, other=page(302, "", "Location: /login"))

    assert found == Measured("", "", "unknown", answered=True)


def test_who_does_not_speak_http_is_asked_once():
    with serving(lambda c, _: c.sendall(b"\x00\x01\x02")) as server:
        found = measure(server.target, EVERY, "")

    assert found == Measured("", "", "unknown", answered=False)
    assert server.connections == 1


def test_all_questions_together_have_one_deadline():
    def slow(connection, request):
        time.sleep(0.3)
        connection.sendall(page(404))

    with serving(slow) as server:
        begun = time.monotonic()
        found = measure(server.target, EVERY, "")
        spent = time.monotonic() - begun

    assert found.authentication == "unknown"
    assert spent < 1.3
    assert server.connections <= 5


@pytest.mark.parametrize(
    "version",
    [
        "1.2\x1b[31m",
        "1.2\\u001b[2J",
        "<script>",
        "9" * 99,
        "1.2.3; rm -rf /",
        "1.2\n3",
        "../../etc",
    ],
)
def test_a_version_is_a_version_or_nothing(version):
    pages = {"/v2": page(200, f'{{"name":"triton","version":"{version}","extensions":[]}}')}
    found, _ = asked(pages, "triton")

    assert (found.service, found.version) == ("triton", "")


@pytest.mark.parametrize(
    "version", ["1.2", "2.21.1", "0.11.0rc1", "0.9.1.dev12", "2.9.0-rc.1", "0.6.3.post1"]
)
def test_versions_as_projects_write_them(version):
    pages = {"/v2": page(200, f'{{"name":"triton","version":"{version}","extensions":[]}}')}

    assert asked(pages, "triton")[0].version == version


def test_what_a_build_adds_to_a_version_is_left_out():
    pages = {"/v2": page(200, '{"name":"triton","version":"1.2+cu128.secret","extensions":[]}')}

    assert asked(pages, "triton")[0].version == "1.2"


@given(st.integers(100, 599), st.binary(max_size=200), st.binary(max_size=600))
def test_any_answer_is_understood_somehow(status, head, body):
    found = recognise(EVERY, "jupyter", lambda _: Answer(status, head, body))

    assert found.service in {"", *services()}
    assert found.authentication in {"open", "protected", "unknown"}
    assert len(found.version) <= 64
    assert found.version.isascii()
    assert found.version.isprintable()
