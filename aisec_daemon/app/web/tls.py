"""TLS from the web configuration file."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterable
from contextlib import suppress
from ipaddress import ip_address

from aisec_daemon.app.web.config import TlsServerConfig
from aisec_daemon.app.web.refused import WebConfigError

_VERSIONS = {"TLS12": ssl.TLSVersion.TLSv1_2, "TLS13": ssl.TLSVersion.TLSv1_3}
_TLS_13_SUITES = {
    "TLS_AES_128_GCM_SHA256",
    "TLS_AES_256_GCM_SHA384",
    "TLS_CHACHA20_POLY1305_SHA256",
}
_TLS_12_SUITES = {
    f"TLS_ECDHE_{key}_WITH_{go}": f"ECDHE-{key}-{openssl}"
    for key in ("ECDSA", "RSA")
    for go, openssl in {
        "AES_128_CBC_SHA": "AES128-SHA",
        "AES_256_CBC_SHA": "AES256-SHA",
        "AES_128_GCM_SHA256": "AES128-GCM-SHA256",
        "AES_256_GCM_SHA384": "AES256-GCM-SHA384",
        "CHACHA20_POLY1305_SHA256": "CHACHA20-POLY1305",
    }.items()
}
"""Go's names of cipher suites and OpenSSL's."""


def make_context(tls: TlsServerConfig, warn: Callable[[str], None]) -> ssl.SSLContext:
    """Return a server's context; WebConfigError says what is wrong with the settings.

    Sessions are not resumed, so that what is asked of a client is asked at every connection.
    """
    if tls.cert_file is None or tls.key_file is None:
        raise WebConfigError("tls_server_config needs both cert_file and key_file")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.num_tickets = 0
    context.options |= ssl.OP_NO_TICKET | ssl.OP_NO_RENEGOTIATION
    _set_versions(context, tls, warn)
    _set_ciphers(context, tls.cipher_suites)
    try:
        context.load_cert_chain(tls.cert_file, tls.key_file, password="")  # never asks a terminal
    except (OSError, ssl.SSLError) as error:
        files = f"{tls.cert_file} and {tls.key_file}"
        raise WebConfigError(f"cannot use the certificate and key in {files}: {error}") from error
    _ask_clients(context, tls, warn)
    return context


def names_of(certificate: dict[str, object]) -> set[str]:
    """Return the subject alternative names of a certificate as `getpeercert` gives it.

    DNS names, e-mail addresses and URIs as they stand, IP addresses in their shortest form.
    """
    entries = certificate.get("subjectAltName", ())
    names = set()
    for kind, text in entries if isinstance(entries, Iterable) else ():
        if kind == "IP Address":
            with suppress(ValueError):  # whoever signed it may have written nonsense
                names.add(str(ip_address(text.strip())))
        elif kind in {"DNS", "email", "URI"}:
            names.add(text)
    return names


def _set_versions(
    context: ssl.SSLContext, tls: TlsServerConfig, warn: Callable[[str], None]
) -> None:
    if tls.max_version not in _VERSIONS:
        raise WebConfigError(f"max_version {tls.max_version} is not served: TLS12 is the oldest")
    if tls.min_version not in _VERSIONS:
        warn(f"min_version {tls.min_version} is not served: TLS12 is the oldest")
    lowest = _VERSIONS.get(tls.min_version, ssl.TLSVersion.TLSv1_2)
    if lowest > _VERSIONS[tls.max_version]:
        raise WebConfigError("min_version is above max_version")
    context.minimum_version = lowest
    context.maximum_version = _VERSIONS[tls.max_version]


def _set_ciphers(context: ssl.SSLContext, suites: tuple[str, ...]) -> None:
    """Restrict TLS 1.2; the suites of TLS 1.3 are all good and, as in Go, not chosen."""
    if not suites:
        return
    unknown = set(suites) - _TLS_13_SUITES - set(_TLS_12_SUITES)
    if unknown:
        raise WebConfigError(f"cipher_suites: {', '.join(sorted(unknown))} is not known")
    old = [_TLS_12_SUITES[suite] for suite in suites if suite in _TLS_12_SUITES]
    if old:
        try:
            context.set_ciphers(":".join(old))
        except ssl.SSLError as error:
            raise WebConfigError("this machine's OpenSSL has none of cipher_suites") from error
    elif context.maximum_version == ssl.TLSVersion.TLSv1_2:
        raise WebConfigError("cipher_suites names none for TLS 1.2, and max_version allows no more")
    else:
        context.minimum_version = ssl.TLSVersion.TLSv1_3


def _ask_clients(
    context: ssl.SSLContext, tls: TlsServerConfig, warn: Callable[[str], None]
) -> None:
    """Ask for client certificates. Python cannot take one unverified: never less is asked."""
    kind = tls.client_auth_type
    if tls.client_allowed_sans and kind not in {
        "RequireAnyClientCert",
        "RequireAndVerifyClientCert",
    }:
        raise WebConfigError(
            "client_allowed_sans needs client_auth_type RequireAndVerifyClientCert"
        )
    if kind == "NoClientCert":
        if tls.client_ca_file is not None:
            raise WebConfigError("client_ca_file is given, but client_auth_type asks for nothing")
        return
    if kind == "RequestClientCert":
        warn("RequestClientCert never checks a certificate: none is asked for")
        return
    if tls.client_ca_file is None:
        raise WebConfigError(f"client_auth_type {kind} needs client_ca_file")
    if kind == "RequireAnyClientCert":
        warn("RequireAnyClientCert is served as RequireAndVerifyClientCert")
    try:
        context.load_verify_locations(tls.client_ca_file)
    except (OSError, ssl.SSLError) as error:
        raise WebConfigError(f"cannot use client_ca_file {tls.client_ca_file}: {error}") from error
    optional = kind == "VerifyClientCertIfGiven"
    context.verify_mode = ssl.CERT_OPTIONAL if optional else ssl.CERT_REQUIRED
