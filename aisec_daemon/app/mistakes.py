"""What is wrong with settings, in words that lead to the right ones."""

from __future__ import annotations

from difflib import get_close_matches
from typing import Any

from pydantic import BaseModel


def describe(mistake: Any, model: type[BaseModel]) -> str:
    """Return one line for one of pydantic's errors: the key, what is wrong, the right one."""
    path = [str(part) for part in mistake["loc"]]
    key = ".".join(path) or "settings"
    if mistake["type"] != "extra_forbidden":
        return f"{key}: {mistake['msg'].removeprefix('Value error, ')}"
    names = _names(model, path[:-1])
    near = get_close_matches(path[-1], names, n=1, cutoff=0.4)
    hint = f"did you mean {'.'.join([*path[:-1], near[0]])!r}?" if near else _list(names)
    return f"{key}: no such key; {hint}"


def _names(model: Any, path: list[str]) -> list[str]:
    """Return the keys there are at a place."""
    for part in path:
        if part.isdigit():
            continue
        annotation = model.model_fields[part].annotation
        members = [a for a in getattr(annotation, "__args__", ()) if hasattr(a, "model_fields")]
        model = members[0] if members else annotation
    return list(getattr(model, "model_fields", ()))


def _list(names: list[str]) -> str:
    return f"there are: {', '.join(names)}" if names else "this takes no keys"
