"""Secrets come from files as they are now, and go into one header and nowhere else."""

from __future__ import annotations

import base64
import traceback

import pytest

from aisec_daemon.sinks.alerting.credentials import CredentialError, Credentials

SECRET = "hunter2-ünï"


def file(folder, content: bytes) -> str:
    path = folder / "secret"
    path.write_bytes(content)
    return str(path)


def test_a_user_and_a_password_are_basic_authentication(tmp_path):
    secret = Credentials("aisec", file(tmp_path, f"{SECRET}\n".encode())).read()

    assert base64.b64decode(secret.header.removeprefix("Basic ")).decode() == f"aisec:{SECRET}"


def test_a_token_is_a_bearer_token_and_is_read_anew_each_time(tmp_path):
    credentials = Credentials(token_file=file(tmp_path, b"one\r\n"))
    assert credentials.read().header == "Bearer one"
    file(tmp_path, b"two")

    assert credentials.read().header == "Bearer two"


def test_nothing_is_read_where_nothing_is_asked_for():
    assert Credentials().read() is None


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "is empty"),
        (b"\n", "is empty"),
        (b"tok\nen-hunter2", "one word"),
        (b"tok en-hunter2", "one word"),
        ("tokén-hunter2".encode(), "one word"),
        (b"hunter2\xff", "is not UTF-8"),
        (b"hunter2" * 10000, "too long"),
    ],
)
def test_what_is_no_token_is_told_without_it(tmp_path, content, why):
    with pytest.raises(CredentialError, match=why) as refusal:
        Credentials(token_file=file(tmp_path, content)).read()

    assert "hunter2" not in "".join(traceback.format_exception(refusal.value))


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(CredentialError, match=r"none: No such file"):
        Credentials("aisec", str(tmp_path / "none")).read()


def test_a_secret_does_not_show_itself(tmp_path):
    credentials = Credentials("aisec", file(tmp_path, SECRET.encode()))
    secret = credentials.read()

    assert SECRET not in f"{secret!r} {credentials!r}"
    assert secret.header.split()[1] not in repr(secret)
    assert secret.blotted(f"you sent {SECRET} as {secret.header}") == "you sent … as Basic …"


@pytest.mark.parametrize(
    "settings",
    [("aisec", "", ""), ("", "p", ""), ("aisec", "p", "t"), ("ai:sec", "p", "")],
)
def test_settings_that_do_not_go_together_are_refused(settings):
    with pytest.raises(ValueError, match=r"user|token_file"):
        Credentials(*settings)
