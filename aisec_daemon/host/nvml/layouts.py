"""Layouts: pynvml's structures without what it does in Python at every look at a field."""

from __future__ import annotations

import ctypes
from functools import cache
from typing import Any


@cache
def plain(item: Any) -> Any:
    """Return a type of the same layout whose fields are read and written by ctypes alone.

    pynvml decodes text in each field that is read: a tenth of what reading a GPU costs, for
    structures that hold none. Of arrays and structures within, likewise.
    """
    if issubclass(item, ctypes.Array):
        return plain(item._type_) * item._length_
    if not issubclass(item, ctypes.Structure):
        return item
    fields = [(name, plain(kind)) for name, kind, *_ in item._fields_]
    return type(item.__name__, (ctypes.Structure,), {"_fields_": fields})
