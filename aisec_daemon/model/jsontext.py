"""JSON that can always be written: text that is no valid Unicode is escaped, NaN is null."""

from __future__ import annotations

from typing import Any

import orjson


def dumps(content: Any, option: int = 0) -> bytes:
    """Return `content` as JSON; NumPy arrays and numbers are taken as they are."""
    option |= orjson.OPT_SERIALIZE_NUMPY
    try:
        return orjson.dumps(content, option=option)
    except TypeError:  # lone surrogates; looking for them beforehand would cost every line
        return orjson.dumps(_writable(content), option=option)


def _writable(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode()
    if isinstance(value, dict):
        return {_writable(k): _writable(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_writable(v) for v in value]
    return value
