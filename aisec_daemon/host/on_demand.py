"""Attributes that are made for the first who asks, once, whichever threads ask."""

from __future__ import annotations

from collections.abc import Callable
from threading import RLock
from typing import Any, Generic, TypeVar

T = TypeVar("T")
_MAKING = RLock()  # one of them may need another


class on_demand(Generic[T]):  # noqa: N801 # a decorator, like property
    """Decorates a method without arguments: what it returns takes the attribute's place.

    `functools.cached_property` locks nothing since Python 3.12: two threads would have one each.
    """

    def __init__(self, make: Callable[[Any], T]) -> None:
        self._make = make
        self._name = make.__name__
        self.__doc__ = make.__doc__

    def __get__(self, instance: Any, owner: type) -> T:
        """Make it; from then on Python finds it in the instance and does not come here."""
        with _MAKING:
            if self._name not in instance.__dict__:
                instance.__dict__[self._name] = self._make(instance)
        made: T = instance.__dict__[self._name]
        return made
