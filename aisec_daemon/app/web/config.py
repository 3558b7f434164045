"""The web configuration file, in the format of Prometheus' exporter-toolkit.

https://github.com/prometheus/exporter-toolkit/blob/master/docs/web-configuration.md
"""

from __future__ import annotations

import re
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from aisec_daemon.app.mistakes import describe
from aisec_daemon.app.web.refused import WebConfigError

_HASH = re.compile(r"\$2[abxy]\$(\d\d)\$[./A-Za-z0-9]{21}[.Oeu][./A-Za-z0-9]{31}")
_COSTS = range(4, 19)  # below, bcrypt refuses; above, one check takes many seconds

_HEADERS: dict[str, tuple[str, ...]] = {
    "Content-Security-Policy": (),
    "Strict-Transport-Security": (),
    "X-Content-Type-Options": ("nosniff",),
    "X-Frame-Options": ("deny", "sameorigin"),
    "X-XSS-Protection": (),
}
"""Headers that may be set, and the values they may have if not any."""

AuthType = Literal[
    "NoClientCert",
    "RequestClientCert",
    "RequireAnyClientCert",
    "VerifyClientCertIfGiven",
    "RequireAndVerifyClientCert",
]
Version = Literal["TLS10", "TLS11", "TLS12", "TLS13"]


def _old_name(word: object) -> object:
    return "RequireAnyClientCert" if word == "RequireClientCert" else word


def _bcrypt_hash(text: str) -> str:
    found = _HASH.fullmatch(text)
    if found is None:
        raise ValueError("this is no bcrypt hash; make one with htpasswd -nBC 10 ''")
    if int(found[1]) not in _COSTS:
        raise ValueError(f"bcrypt's cost must be {_COSTS.start} to {_COSTS.stop - 1}")
    return text


def _allowed_headers(headers: dict[str, str]) -> dict[str, str]:
    for name, value in headers.items():
        if name not in _HEADERS:
            near = get_close_matches(name, _HEADERS, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"there are: {', '.join(_HEADERS)}"
            raise ValueError(f"{name} cannot be set; {hint}")
        if not value.isascii() or (value and not value.isprintable()):
            raise ValueError(f"{name} must be one line of ASCII")
        if value and _HEADERS[name] and value not in _HEADERS[name]:
            raise ValueError(f"{name} must be {' or '.join(_HEADERS[name])}")
    return headers


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class TlsServerConfig(_Part):
    """Certificates and what is asked of clients."""

    cert_file: Path | None = None
    key_file: Path | None = None
    client_auth_type: Annotated[AuthType, BeforeValidator(_old_name)] = "NoClientCert"
    client_ca_file: Path | None = None
    client_allowed_sans: tuple[str, ...] = ()
    min_version: Version = "TLS12"
    max_version: Version = "TLS13"
    cipher_suites: tuple[str, ...] = ()
    prefer_server_cipher_suites: bool | None = None
    curve_preferences: tuple[str, ...] = ()

    @property
    def enabled(self) -> bool:
        """Whether any key asks for TLS."""
        return bool(
            self.cert_file
            or self.key_file
            or self.client_ca_file
            or self.client_auth_type != "NoClientCert"
        )


class HttpServerConfig(_Part):
    """What is not TLS."""

    http2: bool = False
    headers: Annotated[dict[str, str], AfterValidator(_allowed_headers)] = Field(
        default_factory=dict
    )


class RateLimit(_Part):
    """How often the toolkit's own server may be asked; here, connections are bounded instead."""

    interval: str | int = 0
    burst: int = 0


class WebConfig(_Part):
    """The whole file."""

    tls_server_config: TlsServerConfig = Field(default_factory=TlsServerConfig)
    http_server_config: HttpServerConfig = Field(default_factory=HttpServerConfig)
    rate_limit: RateLimit = Field(default_factory=RateLimit)
    basic_auth_users: dict[str, Annotated[str, AfterValidator(_bcrypt_hash)]] = Field(
        default_factory=dict, repr=False
    )

    @property
    def headers(self) -> dict[str, str]:
        """Headers to set on every response; a blank one is not set."""
        return {name: value for name, value in self.http_server_config.headers.items() if value}

    @property
    def warnings(self) -> tuple[str, ...]:
        """What the file asks for and does not get."""
        given = {
            "http_server_config.http2": self.http_server_config.http2,
            "rate_limit": self.rate_limit != RateLimit(),
            "tls_server_config.curve_preferences": self.tls_server_config.curve_preferences,
            "tls_server_config.prefer_server_cipher_suites": (
                self.tls_server_config.prefer_server_cipher_suites is not None
            ),
        }
        return tuple(f"{key} has no effect in this server" for key, set_ in given.items() if set_)


def load(path: Path) -> WebConfig:
    """Read the file; paths in it are taken from where it lies. WebConfigError says what is wrong.

    A key without a value is as if it were not there.
    """
    import yaml  # noqa: PLC0415 # most daemons have no such file, and start sooner without it

    from aisec_daemon.app.web.strict import Strict  # noqa: PLC0415

    try:
        given = yaml.load(path.read_bytes(), Strict)  # noqa: S506 - a SafeLoader
        config = WebConfig.model_validate(_without_nulls(given) or {})
    except OSError as error:
        raise WebConfigError(f"cannot read {path}: {error.strerror}") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise WebConfigError(f"{path} is no YAML: {' '.join(str(error).split())}") from error
    except ValidationError as error:
        wrong = "; ".join(describe(m, WebConfig) for m in error.errors(include_input=False))
        raise WebConfigError(f"{path}: {wrong}") from None  # pydantic's error would show hashes
    tls = config.tls_server_config
    files = {
        key: path.parent / name
        for key in ("cert_file", "key_file", "client_ca_file")
        if (name := getattr(tls, key)) is not None
    }
    return config.model_copy(update={"tls_server_config": tls.model_copy(update=files)})


def _without_nulls(given: Any) -> Any:
    if not isinstance(given, dict):
        return given
    return {key: _without_nulls(value) for key, value in given.items() if value is not None}
