"""Which outside services a process's arguments and variables name: host names, never a value."""

from __future__ import annotations

import re
from collections.abc import Iterator
from ipaddress import ip_address
from typing import NamedTuple

from aisec_daemon.host.flow.outside import address_variables, name_of_host, outside
from aisec_daemon.host.redaction.redact import redact_path

_LENGTH = 253  # of a host name, RFC 1035
_SERVICES_MAX = 64
# Of a URL: scheme, user and password (dropped here), host, port. What is behind is not looked at.
_URL = re.compile(
    rb"([a-z][a-z0-9+.-]{1,19})://(?:[^\s/?#'\"@]*@)?"
    rb"(\[[0-9A-Fa-f:.]{2,45}\]|[A-Za-z0-9](?:[A-Za-z0-9._-]{0,251}[A-Za-z0-9])?)(?::(\d{1,5}))?"
    rb"(?=[/?#\s'\",;)\]]|\Z)"
)
_BARE = re.compile(rb"([A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?)(?::(\d{1,5}))?")
_SCHEMES = frozenset(
    (b"http", b"https", b"ws", b"wss", b"grpc", b"grpcs", b"postgresql", b"postgres", b"mysql")
) | frozenset((b"redis", b"rediss", b"mongodb", b"amqp", b"amqps", b"kafka", b"ray", b"nats"))
_STORES = {
    **dict.fromkeys((b"s3", b"s3a", b"s3n"), "Amazon S3"),
    **dict.fromkeys((b"abfs", b"abfss", b"wasbs"), "Azure Storage"),
    b"gs": "Google Cloud Storage",
    b"hf": "Hugging Face Hub",
    b"hdfs": "HDFS",
    b"oss": "Alibaba OSS",
}
_TELLING = re.compile(
    rb"(?:.*_)?(?:URL|URI|ENDPOINT|API_BASE|BASE_URL|SERVER)(?:_URL)?", re.IGNORECASE
)
_LOCAL = frozenset(("localhost", "0.0.0.0", "::", "::1", "host.docker.internal"))  # noqa: S104 - not bound


class Named(NamedTuple):
    """A service that is named: host (and port), what it is called, what says so."""

    target: str
    name: str
    evidence: str


def named_by_arguments(text: bytes) -> list[Named]:
    """Return the services whose addresses a command line (NUL between arguments) holds."""
    return _unique(each for part in text.split(b"\0") for each in _urls(part, "argument"))


def named_by_variables(text: bytes) -> list[Named]:
    """Return the services that /proc/PID/environ names, by address or by having their key."""
    variables = dict(part.partition(b"=")[::2] for part in text.split(b"\0") if b"=" in part)
    return _unique(_by_variables(variables))


def _by_variables(variables: dict[bytes, bytes]) -> Iterator[Named]:
    listed = address_variables()
    for variable, value in variables.items():
        if variable in listed:
            for each in [*_urls(value, "variable")] or _bare(value):
                yield each._replace(name=each.name or listed[variable])
        elif _TELLING.fullmatch(variable):
            yield from _urls(value, "variable")
    for service in outside():
        elsewhere = any(variables.get(variable) for variable in service.addresses)
        if not elsewhere and any(variables.get(variable) for variable in service.variables):
            yield Named(service.hosts[0], service.name, "variable")


def _urls(text: bytes, evidence: str) -> Iterator[Named]:
    for scheme, host, port in _URL.findall(text):
        if scheme in _STORES:
            yield Named(f"{scheme.decode()}://{_clean(host)}", _STORES[scheme], evidence)
        elif scheme in _SCHEMES:
            yield from _named(host, port, evidence)


def _bare(value: bytes) -> Iterator[Named]:
    found = _BARE.fullmatch(value)
    if found is not None:
        yield from _named(found[1], found[2] or b"", "variable")


def _named(host: bytes, port: bytes, evidence: str) -> Iterator[Named]:
    text = _clean(host)
    bare = text.strip("[]")
    if bare.lower() in _LOCAL or _is_loopback(bare):
        return
    yield Named(f"{text}:{port.decode()}" if port else text, name_of_host(bare), evidence)


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _clean(host: bytes) -> str:
    return redact_path(host[:_LENGTH].lower())


def _unique(found: Iterator[Named]) -> list[Named]:
    """Return each target once, at most so many."""
    targets: dict[str, Named] = {}
    for each in found:
        if len(targets) >= _SERVICES_MAX:
            break
        targets.setdefault(each.target, each)
    return list(targets.values())
