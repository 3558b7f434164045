"""The web configuration file."""

from pathlib import Path

import pytest

from aisec_daemon.app.web.config import load
from aisec_daemon.app.web.refused import WebConfigError

HASH = "$2y$10$" + "a" * 21 + "." + "b" * 31


def write(folder: Path, text: str) -> Path:
    file = folder / "web.yml"
    file.write_text(text)
    return file


def test_paths_are_taken_from_where_the_file_lies(tmp_path: Path) -> None:
    """Absolute ones stay as they are."""
    text = "tls_server_config:\n  cert_file: a.crt\n  key_file: /b.key\n"
    tls = load(write(tmp_path, text)).tls_server_config

    assert (tls.cert_file, tls.key_file) == (tmp_path / "a.crt", Path("/b.key"))
    assert tls.enabled
    assert (tls.client_auth_type, tls.min_version, tls.max_version) == (
        "NoClientCert",
        "TLS12",
        "TLS13",
    )


def test_everything_the_toolkit_knows_is_read(tmp_path: Path) -> None:
    """What has no effect here is said."""
    text = f"""
tls_server_config:
  cert_file: a
  key_file: b
  client_auth_type: RequireClientCert
  client_ca_file: c
  client_allowed_sans: [node.example]
  min_version: TLS13
  max_version: TLS13
  cipher_suites: [TLS_AES_128_GCM_SHA256]
  prefer_server_cipher_suites: true
  curve_preferences: [X25519]
http_server_config:
  http2: true
  headers:
    X-Frame-Options: deny
    Strict-Transport-Security: ''
basic_auth_users:
  alice: {HASH}
rate_limit:
  interval: 1s
  burst: 20
"""
    config = load(write(tmp_path, text))

    assert config.tls_server_config.client_auth_type == "RequireAnyClientCert"
    assert config.headers == {"X-Frame-Options": "deny"}
    assert config.basic_auth_users == {"alice": HASH}
    assert sorted(warning.split()[0] for warning in config.warnings) == [
        "http_server_config.http2",
        "rate_limit",
        "tls_server_config.curve_preferences",
        "tls_server_config.prefer_server_cipher_suites",
    ]


@pytest.mark.parametrize("text", ["", "tls_server_config:\nbasic_auth_users:\n", "# nothing\n"])
def test_an_empty_file_asks_for_nothing(tmp_path: Path, text: str) -> None:
    """A key without a value is as if it were not there."""
    config = load(write(tmp_path, text))

    assert not config.tls_server_config.enabled
    assert config.basic_auth_users == {}
    assert config.warnings == ()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("tls_server_conf: {}", "tls_server_conf: no such key; did you mean 'tls_server_config'"),
        (
            "tls_server_config: {cert_fil: a}",
            "tls_server_config.cert_fil: .*'tls_server_config.cert_file'",
        ),
        ("tls_server_config: {client_auth_type: Always}", "tls_server_config.client_auth_type"),
        ("tls_server_config: {min_version: SSL3}", "tls_server_config.min_version"),
        (
            "http_server_config: {headers: {X-Frame-Option: deny}}",
            "X-Frame-Option cannot be set; did you mean 'X-Frame-Options'",
        ),
        ("http_server_config: {headers: {X-Frame-Options: maybe}}", "deny or sameorigin"),
        ('http_server_config: {headers: {X-XSS-Protection: "a\\r\\nb"}}', "one line of ASCII"),
        ("basic_auth_users: {alice: secret}", "basic_auth_users.alice: this is no bcrypt hash"),
        (f"basic_auth_users: {{alice: {HASH.replace('$10$', '$31$')}}}", "cost must be 4 to 18"),
        ("- a list", "valid dictionary"),
        ("a: b: c", "is no YAML"),
        (f"basic_auth_users:\n  a: {HASH}\n  a: {HASH}\n", "a is given twice"),
    ],
)
def test_what_is_wrong_is_said(tmp_path: Path, text: str, says: str) -> None:
    """The file, the key, and the nearest right one; never a secret."""
    with pytest.raises(WebConfigError, match=says) as caught:
        load(write(tmp_path, text))

    assert "web.yml" in str(caught.value)
    assert "secret" not in str(caught.value)


def test_a_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    """With its path and the reason."""
    with pytest.raises(WebConfigError, match=r"cannot read .*none.yml: No such file"):
        load(tmp_path / "none.yml")
