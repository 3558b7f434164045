"""Settings: one TOML file and `AISEC_…` variables; a plug-in's section is its fields."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Mapping
from datetime import date, datetime, time, timezone
from pathlib import Path
from typing import Any, Literal, get_type_hints

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    create_model,
    field_validator,
    model_validator,
)
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from aisec_daemon.app import catalogue
from aisec_daemon.app.budget import Budget
from aisec_daemon.app.mistakes import describe
from aisec_daemon.host.indicators import lists as indicators
from aisec_daemon.host.indicators.matcher import Matcher, default
from aisec_daemon.journal.limits import Limits
from aisec_daemon.model import Allow
from aisec_daemon.model.allow import SELECTORS

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

_STRICT = ConfigDict(extra="forbid", allow_inf_nan=False, validate_default=True)


class SettingsError(Exception):
    """Settings that cannot be used; the message has one line a mistake."""


class Host(BaseModel):
    """How the node is read."""

    model_config = _STRICT

    connector: bool = Field(
        default=True, description="listen to the kernel's process connector (needs CAP_NET_ADMIN)"
    )
    processes_max: int = Field(65536, ge=1024, description="processes remembered at once")
    gpu_patience_seconds: float = Field(
        0.3, gt=0, le=5, description="how long a GPU may take before it is read apart from others"
    )
    gpu_release_seconds: float = Field(
        900.0, gt=0, description="how long SIGUSR1 lets go of the GPUs, unless SIGUSR2 comes first"
    )
    indicators: Path | None = Field(
        None, description="marks of miners beside the built-in ones: a TOML file of the same form"
    )
    outputs: dict[str, Path] = Field(
        default_factory=dict,
        description="files or named pipes to which model servers append outputs, by model",
    )
    outputs_listen: str = Field(
        "", description="loopback address and UDP port that takes outputs; empty for none"
    )

    @field_validator("indicators")
    @classmethod
    def _usable(cls, file: Path | None) -> Path | None:
        if file is None or file == Path():
            return None
        indicators.read(file)
        return file

    def matcher(self) -> Matcher:
        """Return what finds marks of miners; IndicatorsError if the file has become unusable."""
        if self.indicators is None:
            return default()
        return Matcher(indicators.builtin().with_more(indicators.read(self.indicators)))


class Journal(BaseModel):
    """What happened to findings, what detectors remember, and who has been told; in `state`."""

    model_config = _STRICT

    enabled: bool = Field(default=True, description="whether anything is kept at all")
    keep_days: float = Field(90.0, gt=0, description="how long closed findings are kept")
    size_max_bytes: int = Field(
        268435456, ge=4194304, description="size from which the oldest changes go before that"
    )

    def limits(self) -> Limits:
        """Return it as the journal knows it."""
        return Limits(self.keep_days * 86400.0, self.size_max_bytes)


class Permit(BaseModel):
    """A finding that the site permits: recorded and counted, not told, until it expires."""

    model_config = _STRICT

    rule: str = Field(description="the rule it is an exception to")
    reason: str = Field(min_length=1, description="why it is permitted")
    owner: str = Field(min_length=1, description="who answers for it")
    expires: datetime | date = Field(description="when it ends: 2027-01-31 or with a time")
    subject: str = Field("", description="pattern for the finding's subjects")
    user: str = Field("", description="pattern for the user")
    unit: str = Field("", description="pattern for the systemd unit")
    container: str = Field("", description="pattern for the container id")
    image: str = Field("", description="pattern for the image of the container")
    pod: str = Field("", description="pattern for the pod uid")
    executable: str = Field("", description="pattern for the executable's path")
    executable_hash: str = Field("", description="SHA-256 of the executable's file (sha256sum)")
    command_hash: str = Field("", description="the command line's keyed hash")

    @model_validator(mode="after")
    def _narrow(self) -> Permit:
        if self.rule not in catalogue.detectors():
            raise ValueError(f"rule {self.rule!r} does not exist")
        if not any(getattr(self, name) for name in ("subject", *SELECTORS)):
            raise ValueError(f"give at least one of: subject, {', '.join(SELECTORS)}")
        return self

    def allow(self) -> Allow:
        """Return it as the pipeline knows it; a day without a time ends at its midnight, UTC."""
        end = self.expires
        if not isinstance(end, datetime):
            end = datetime.combine(end, time())
        if end.tzinfo is None:
            end = end.replace(tzinfo=timezone.utc)
        return Allow(**{**self.model_dump(), "expires": end.timestamp()})


class _Plugin(BaseModel):
    """A plug-in's section."""

    model_config = _STRICT

    def build(self) -> Any:
        """Make the plug-in; ValueError if its fields do not go together."""
        values = {name: value for name, value in self if name != "enabled"}
        return type(self).plugin(**values)  # type: ignore[attr-defined] # set by _section

    @model_validator(mode="after")
    def _fits(self) -> _Plugin:
        self.build()
        return self


def _section(plugins: Mapping[str, type], title: str) -> type[BaseModel]:
    """Make the model of `[samplers]`, `[detectors]` or `[sinks]` from the plug-ins' fields."""
    members: dict[str, Any] = {}
    for name, plugin in plugins.items():
        hints = get_type_hints(plugin, include_extras=True)
        fields: dict[str, Any] = {
            "enabled": (
                bool,
                Field(default=getattr(plugin, "on", True), description="whether it runs at all"),
            )
        }
        for field in dataclasses.fields(plugin):
            hint = hints[field.name]
            fields[field.name] = (
                hint.__origin__,
                Field(field.default, description=hint.__metadata__[0]),
            )
        model = create_model(name, __base__=_Plugin, __doc__=plugin.__doc__, **fields)
        model.plugin = plugin  # type: ignore[attr-defined] # read by _Plugin.build
        members[name] = (model, Field(default_factory=model))
    return create_model(title, __config__=_STRICT, **members)


class Settings(BaseSettings):
    """Everything an operator can set."""

    model_config = SettingsConfigDict(
        env_prefix="AISEC_",
        env_nested_delimiter="__",
        **_STRICT,  # type: ignore[typeddict-item]
    )

    listen: str = Field("127.0.0.1:9837", description="address and port of the metrics page")
    state: Path = Field(
        Path("/var/lib/aisec-daemon"), description="where memory lives between restarts"
    )
    root: Path = Field(Path("/"), description="where the node's /proc, /sys and /etc lie")
    web_config: Path | None = Field(
        None, description="TLS and basic auth: a file in the Prometheus exporters' format"
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="least severity that is logged"
    )
    host: Host = Field(default_factory=Host)
    journal: Journal = Field(default_factory=Journal)
    budget: Budget = Field(default_factory=Budget)
    allow: list[Permit] = Field(default_factory=list)

    @field_validator("web_config")
    @classmethod
    def _named(cls, file: Path | None) -> Path | None:
        """Take an empty path for none: that is how the settings file shows it."""
        return None if file == Path() else file

    def enabled(self, kind: Literal["samplers", "detectors"]) -> list[Any]:
        """Return the plug-ins of one kind that are to run, made from their sections."""
        sections = getattr(self, kind)
        return [section.build() for _, section in sections if section.enabled]

    def outlets(self) -> dict[str, Any]:
        """Return the sinks that are to be opened, by name."""
        sections = self.sinks  # type: ignore[attr-defined] # made by model()
        return {name: section.build() for name, section in sections if section.enabled}


class _Variables(EnvSettingsSource):
    """`AISEC_…` variables; what should be JSON and is none is refused under its key."""

    def decode_complex_value(self, field_name: str, field: Any, value: Any) -> Any:
        """Parse a list, a table or a section."""
        try:
            return super().decode_complex_value(field_name, field, value)
        except ValueError:
            return value


class _File(PydanticBaseSettingsSource):
    """The settings file, read before so that a file that is no TOML is told apart."""

    def __init__(self, model: type[BaseSettings], content: Mapping[str, Any]) -> None:
        super().__init__(model)
        self._content = dict(content)

    def get_field_value(self, field: Any, field_name: str) -> tuple[Any, str, bool]:
        """Return one field, as the base class wants it."""
        del field
        return self._content.get(field_name), field_name, False

    def __call__(self) -> dict[str, Any]:
        return self._content


def model(content: Mapping[str, Any] | None = None) -> type[Settings]:
    """Return the settings' model, which takes `content` where no variable or argument speaks."""

    class Loaded(Settings):
        @classmethod
        def settings_customise_sources(
            cls,
            settings_cls: type[BaseSettings],
            init_settings: PydanticBaseSettingsSource,
            env_settings: PydanticBaseSettingsSource,
            dotenv_settings: PydanticBaseSettingsSource,
            file_secret_settings: PydanticBaseSettingsSource,
        ) -> tuple[PydanticBaseSettingsSource, ...]:
            del env_settings, dotenv_settings, file_secret_settings
            return init_settings, _Variables(settings_cls), _File(settings_cls, content or {})

    sections: dict[str, Any] = {
        name: (section, Field(default_factory=section))
        for name, section in [
            ("samplers", _section(catalogue.samplers(), "samplers")),
            ("detectors", _section(catalogue.detectors(), "detectors")),
            ("sinks", _section(catalogue.sinks(), "sinks")),
        ]
    }
    made: type[Settings] = create_model("Settings", __base__=Loaded, **sections)
    return made


def load(file: Path | None, **arguments: Any) -> Settings:
    """Read settings: arguments before `AISEC_…` variables before the file before defaults.

    SettingsError says, a line each, which key is wrong, why, and the nearest right one.
    """
    content: dict[str, Any] = {}
    if file is not None:
        try:
            content = tomllib.loads(file.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            raise SettingsError(f"{file}: {error}") from error
    settings = model(content)
    try:
        return settings(**{name: value for name, value in arguments.items() if value is not None})
    except ValidationError as error:
        lines = [describe(mistake, settings) for mistake in error.errors()]
        prefix = f"{file}: " if file is not None else ""
        raise SettingsError("\n".join(prefix + line for line in lines)) from error
