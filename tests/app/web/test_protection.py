"""The file as it changes."""

import os
from pathlib import Path
from typing import Any

import pytest

from aisec_daemon.app.web.protection import ProtectionFile
from aisec_daemon.app.web.refused import WebConfigError

HASH = "$2y$10$" + "a" * 21 + "." + "b" * 31


class File:
    """A file whose time moves on with every writing."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._time = 1_000_000_000

    def write(self, text: str) -> None:
        self._time += 1
        self.path.write_text(text)
        os.utime(self.path, (self._time, self._time))


@pytest.fixture
def file(tmp_path: Path) -> File:
    file = File(tmp_path / "web.yml")
    file.write(f"basic_auth_users: {{alice: {HASH}}}")
    return file


def test_without_a_file_nothing_is_asked() -> None:
    """And nothing is warned of."""
    assert not ProtectionFile(None, pytest.fail).current().authenticates


def test_a_file_that_is_wrong_at_the_start_is_an_error(file: File) -> None:
    """There is nothing to go on with."""
    file.write("nonsense: 1")
    with pytest.raises(WebConfigError, match="nonsense"):
        ProtectionFile(file.path, pytest.fail)


def test_a_file_that_changes_is_read_again(file: File) -> None:
    """While it does not, the same object is given, so that passwords stay known."""
    protection = ProtectionFile(file.path, pytest.fail)
    first = protection.current()
    again = protection.current()
    file.write("http_server_config: {headers: {X-Frame-Options: deny}}")
    second = protection.current()

    assert first is again
    assert first.authenticates
    assert not second.authenticates
    assert second.headers == {"X-Frame-Options": "deny"}


def test_a_new_version_that_is_wrong_changes_nothing(file: File) -> None:
    """It is told once; the next right one holds."""
    warnings: list[str] = []
    protection = ProtectionFile(file.path, warnings.append)
    first = protection.current()
    file.write("basic_auth_user: {}")

    assert protection.current() is protection.current() is first
    assert len(warnings) == 1
    assert "basic_auth_user: no such key" in warnings[0]
    file.path.unlink()
    assert protection.current() is first
    file.write("")
    assert not protection.current().authenticates


def test_a_certificate_that_is_renewed_is_taken(file: File, authority: Any) -> None:
    """While only half of the pair is new, the old pair serves."""
    warnings: list[str] = []
    issued = authority.issue("server")
    file.write("tls_server_config: {cert_file: server.crt, key_file: server.key}")
    protection = ProtectionFile(file.path, warnings.append)
    first = protection.current().context
    old_key = issued.key.read_bytes()
    authority.issue("server")
    new_key = issued.key.read_bytes()
    issued.key.write_bytes(old_key + b"\n")

    assert protection.current().context is first
    assert len(warnings) == 1
    issued.key.write_bytes(new_key)
    assert protection.current().context is not first


def test_a_certificate_asked_of_clients_authenticates_them(file: File, authority: Any) -> None:
    """One that they may leave out does not."""
    authority.issue("server")
    kinds = {}
    for kind in ("RequireAndVerifyClientCert", "VerifyClientCertIfGiven"):
        file.write(
            "tls_server_config: {cert_file: server.crt, key_file: server.key, "
            f"client_auth_type: {kind}, client_ca_file: authority.pem}}"
        )
        kinds[kind] = ProtectionFile(file.path, pytest.fail).current().authenticates

    assert kinds == {"RequireAndVerifyClientCert": True, "VerifyClientCertIfGiven": False}


def test_what_has_no_effect_is_said(file: File) -> None:
    """Once, when the file is read."""
    warnings: list[str] = []
    file.write("http_server_config: {http2: true}")
    protection = ProtectionFile(file.path, warnings.append)
    protection.current()

    assert [w.split(": ", 1)[1] for w in warnings] == [
        "http_server_config.http2 has no effect in this server"
    ]
