"""Calls of NVML's C functions, counted with their answers and what they cost."""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import Lock
from typing import Any, Generic, TypeVar

import pynvml

from aisec_daemon.host.nvml.codes import (
    FUNCTION_NOT_FOUND,
    IN_WORDS,
    LOST,
    PERMANENT,
    SUCCESS,
    UNKNOWN,
)

T = TypeVar("T")

_NAMES = {
    value: name.removeprefix("NVML_ERROR_")
    for name, value in vars(pynvml).items()
    if name.startswith("NVML_ERROR_") and isinstance(value, int)
}


def is_genuine() -> bool:
    """Tell whether the module is nvidia-ml-py's; packages of the same name lack what we need."""
    return hasattr(pynvml, "_nvmlGetFunctionPointer")


def code_name(code: int) -> str:
    """Return NVML's word for a code, `SUCCESS` or `NOT_SUPPORTED`; the number if it has none."""
    return "SUCCESS" if code == SUCCESS else _NAMES.get(code, str(code))


class NvmlError(Exception):
    """An NVML call that did not succeed.

    pynvml's own exception is neither hashable nor names the call, so it stops here.
    """

    def __init__(self, call: str, code: int) -> None:
        words = IN_WORDS.get(code)
        answer = f"{call}: {code_name(code)}"
        super().__init__(f"{words} ({answer})" if words else answer)
        self.call = call
        self.code = code


class LostError(NvmlError):
    """The GPU, or the driver behind it, is out of reach of this process."""


class Library:
    """NVML's C functions by name. Safe between threads.

    pynvml finds them, so a symbol that this driver lacks answers FUNCTION_NOT_FOUND; its wrappers
    are not used where they call twice to learn a size.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._tally: dict[tuple[str, str], list[float]] = {}
        self.answered = 0  # successful calls so far
        self.unknown = 0  # answers UNKNOWN so far

    def has(self, name: str) -> bool:
        """Say whether the driver's library has this function."""
        return self._find(name) is not None

    def ask(self, name: str, *args: Any) -> int:
        """Call a C function and return its code. Integers wider than an int must be wrapped."""
        function = self._find(name)
        if function is None:
            self.count(name, FUNCTION_NOT_FOUND, 0.0)
            return FUNCTION_NOT_FOUND
        started = time.perf_counter()
        code = int(function(*args))
        self.count(name, code, time.perf_counter() - started)
        return code

    def call(self, name: str, *args: Any) -> None:
        """Call a C function; NvmlError unless it succeeds, LostError if the GPU is gone."""
        code = self.ask(name, *args)
        if code != SUCCESS:
            raise (LostError if code in LOST else NvmlError)(name, code)

    def count(self, name: str, code: int, seconds: float) -> None:
        """Count one answer."""
        with self._lock:
            cell = self._tally.setdefault((name, code_name(code)), [0.0, 0.0])
            cell[0] += 1.0
            cell[1] += seconds
            self.answered += code == SUCCESS
            self.unknown += code == UNKNOWN

    def take_tally(self) -> list[tuple[str, str, float, float]]:
        """Return call, answer, count and seconds since this was last asked."""
        with self._lock:
            tally, self._tally = self._tally, {}
        return [(call, code, count, seconds) for (call, code), (count, seconds) in tally.items()]

    def _find(self, name: str) -> Callable[..., int] | None:
        try:
            found: Callable[..., int] = pynvml._nvmlGetFunctionPointer(name)  # noqa: SLF001 the only way past the wrappers
        except pynvml.NVMLError:
            return None
        return found


class Ladder(Generic[T]):
    """Ways to read one thing of one GPU, best first.

    A way that this driver will never have is dropped for good; a transient failure drops nothing.
    """

    def __init__(self, *ways: Callable[[], T]) -> None:
        self._ways = list(ways)

    def read(self) -> T | None:
        """Return what the first way yields, None if it could not be read; LostError passes."""
        while self._ways:
            try:
                return self._ways[0]()
            except LostError:  # noqa: PERF203 it goes round only after a failure
                raise
            except NvmlError as error:
                if error.code not in PERMANENT:
                    return None
                self._ways.pop(0)
        return None
