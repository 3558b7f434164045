"""Arrays that a call of the driver fills."""

from __future__ import annotations

from collections.abc import Callable
from ctypes import byref, c_uint
from typing import Any

from aisec_daemon.host.nvml.codes import INSUFFICIENT_SIZE
from aisec_daemon.host.nvml.library import Library, NvmlError

_MOST = 1 << 16


class Array:
    """An array kept between calls, so that one call is enough where pynvml asks the size first."""

    def __init__(self, library: Library, item: Any, length: int = 256) -> None:
        self._library = library
        self._item = item
        self._items = (item * length)()
        self._count = c_uint()

    def fill(self, name: str, arguments: Callable[[Any, Any], tuple[Any, ...]]) -> Any:
        """Call `name` with `arguments(count, array)` and return the filled part; NvmlError.

        The array grows when the driver says that it is too small.
        """
        while True:
            self._count.value = len(self._items)
            try:
                self._library.call(name, *arguments(byref(self._count), self._items))
            except NvmlError as error:
                if error.code != INSUFFICIENT_SIZE or len(self._items) >= _MOST:
                    raise
                wanted = max(self._count.value + 16, 2 * len(self._items))
                self._items = (self._item * min(wanted, _MOST))()
            else:
                return self._items[: min(self._count.value, len(self._items))]
