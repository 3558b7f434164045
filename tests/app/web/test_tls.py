"""TLS from the file."""

import ssl
from pathlib import Path
from typing import Any

import pytest

from aisec_daemon.app.web.config import TlsServerConfig
from aisec_daemon.app.web.refused import WebConfigError
from aisec_daemon.app.web.tls import make_context, names_of


def context(authority: Any, **settings: object) -> tuple[ssl.SSLContext, list[str]]:
    issued = authority.issue("server")
    warnings: list[str] = []
    tls = TlsServerConfig.model_validate(
        {"cert_file": issued.cert, "key_file": issued.key, **settings}
    )
    return make_context(tls, warnings.append), warnings


def test_tls_1_2_is_the_oldest(authority: Any) -> None:
    """Older versions that are asked for are not served, and that is said."""
    plain, _ = context(authority)
    old, warnings = context(authority, min_version="TLS10")
    new, _ = context(authority, min_version="TLS13")

    assert plain.minimum_version == old.minimum_version == ssl.TLSVersion.TLSv1_2
    assert warnings == ["min_version TLS10 is not served: TLS12 is the oldest"]
    assert new.minimum_version == ssl.TLSVersion.TLSv1_3


def test_sessions_are_not_resumed(authority: Any) -> None:
    """Each connection proves itself."""
    made, _ = context(authority)

    assert made.num_tickets == 0
    assert made.options & ssl.OP_NO_TICKET


def test_cipher_suites_restrict_tls_1_2(authority: Any) -> None:
    """By Go's names; those of TLS 1.3 stay as they are."""
    made, _ = context(authority, cipher_suites=["TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"])
    only_new, _ = context(authority, cipher_suites=["TLS_AES_128_GCM_SHA256"])
    old = {c["name"] for c in made.get_ciphers() if not c["name"].startswith("TLS_")}

    assert old == {"ECDHE-ECDSA-AES128-GCM-SHA256"}
    assert only_new.minimum_version == ssl.TLSVersion.TLSv1_3


@pytest.mark.parametrize(
    ("kind", "mode", "said"),
    [
        ("NoClientCert", ssl.CERT_NONE, 0),
        ("RequestClientCert", ssl.CERT_NONE, 1),
        ("RequireAnyClientCert", ssl.CERT_REQUIRED, 1),
        ("VerifyClientCertIfGiven", ssl.CERT_OPTIONAL, 0),
        ("RequireAndVerifyClientCert", ssl.CERT_REQUIRED, 0),
    ],
)
def test_clients_are_asked_for_no_less_than_the_file_says(
    authority: Any, kind: str, mode: ssl.VerifyMode, said: int
) -> None:
    """Python verifies what it takes: that is stricter than Go, and said."""
    ca = {} if kind == "NoClientCert" else {"client_ca_file": authority.file}
    made, warnings = context(authority, client_auth_type=kind, **ca)

    assert made.verify_mode == mode
    assert len(warnings) == said


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"cert_file": None}, "needs both cert_file and key_file"),
        ({"key_file": None}, "needs both cert_file and key_file"),
        ({"cert_file": "/nothing"}, "cannot use the certificate and key in /nothing"),
        ({"min_version": "TLS13", "max_version": "TLS12"}, "min_version is above max_version"),
        ({"max_version": "TLS11"}, "max_version TLS11 is not served"),
        ({"cipher_suites": ["TLS_RSA_WITH_RC4_128_SHA"]}, "TLS_RSA_WITH_RC4_128_SHA is not known"),
        ({"cipher_suites": ["TLS_AES_128_GCM_SHA256"], "max_version": "TLS12"}, "names none"),
        ({"client_auth_type": "RequireAndVerifyClientCert"}, "needs client_ca_file"),
        ({"client_auth_type": "RequireAnyClientCert"}, "needs client_ca_file"),
        ({"client_ca_file": "/ca"}, "client_auth_type asks for nothing"),
        ({"client_allowed_sans": ["a"]}, "client_allowed_sans needs client_auth_type"),
        (
            {"client_auth_type": "VerifyClientCertIfGiven", "client_ca_file": "/nothing"},
            "cannot use client_ca_file /nothing",
        ),
    ],
)
def test_what_cannot_be_served_is_refused(authority: Any, settings: Any, says: str) -> None:
    """Never served in a weaker way."""
    with pytest.raises(WebConfigError, match=says):
        context(authority, **settings)


def test_a_key_with_a_password_is_refused_and_not_asked_for(authority: Any, tmp_path: Path) -> None:
    """A daemon has no terminal."""
    from cryptography.hazmat.primitives import serialization  # noqa: PLC0415 - only this test

    issued = authority.issue("server")
    key = serialization.load_pem_private_key(issued.key.read_bytes(), None)
    locked = tmp_path / "locked.key"
    locked.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(b"word"),
        )
    )
    with pytest.raises(WebConfigError, match="cannot use the certificate and key"):
        make_context(TlsServerConfig(cert_file=issued.cert, key_file=locked), print)


def test_names_of_a_certificate_are_comparable() -> None:
    """IP addresses take their shortest form; nonsense is left out."""
    names = (
        ("DNS", "a.example"),
        ("email", "a@example"),
        ("URI", "spiffe://a"),
        ("IP Address", "2001:DB8:0:0:0:0:0:1"),
        ("IP Address", "<invalid>"),
        ("DirName", "x"),
    )

    assert names_of({"subjectAltName": names}) == {
        "a.example",
        "a@example",
        "spiffe://a",
        "2001:db8::1",
    }
    assert names_of({}) == set()
