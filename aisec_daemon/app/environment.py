"""Settings from variables: `AISEC_DETECTORS__BLIND__AFTER=70` is `after = 70` in its section."""

from __future__ import annotations

from collections.abc import Mapping
from types import UnionType
from typing import Any, Union, get_args, get_origin

import orjson
from pydantic import BaseModel

_PREFIX, _BETWEEN = "aisec_", "__"


def parse_variables(model: type[BaseModel], variables: Mapping[str, str]) -> dict[str, Any]:
    """Return what variables say, nested as in the settings file; those of others are left out.

    Upper and lower case are the same. What is no single word is JSON: `'["eve", "bob"]'`; a whole
    section may be, and what is said of its keys one by one goes before that.
    """
    found: dict[str, Any] = {}
    for name in sorted(variables):
        if not name.lower().startswith(_PREFIX):
            continue
        path = name.lower().removeprefix(_PREFIX).split(_BETWEEN)
        if path[0] in model.model_fields:
            value: Any = variables[name]
            if _is_nested(_annotation(model, path)):
                value = _parse(value)
            for part in reversed(path):
                value = {part: value}
            found = merged(found, value)
    return found


def merged(under: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """Return nested settings in which those of `over` take the place of those of `under`."""
    both = dict(under)
    for name, value in over.items():
        nested = isinstance(both.get(name), Mapping) and isinstance(value, Mapping)
        both[name] = merged(both[name], value) if nested else value
    return both


def _parse(text: str) -> Any:
    """Parse JSON; what is none is left to be refused under its key, like any wrong value."""
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return text


def _annotation(model: Any, path: list[str]) -> Any:
    """Return the type of the key at a path, None if there is none."""
    for part in path:
        if get_origin(model) is dict:
            model = get_args(model)[1]
            continue
        field = getattr(model, "model_fields", {}).get(part)
        model = None if field is None else field.annotation
    return model


def _is_nested(annotation: Any) -> bool:
    """Tell whether a type holds several values."""
    kind = get_origin(annotation) or annotation
    if kind in (Union, UnionType):
        return any(map(_is_nested, get_args(annotation)))
    return isinstance(kind, type) and issubclass(kind, (list, tuple, dict, BaseModel))
