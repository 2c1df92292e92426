"""Values that are made on demand and kept while they fit; safe to use from several threads."""

from collections.abc import Callable, Hashable
from threading import Lock
from typing import Protocol, TypeVar

from cachetools import LRUCache


class Sized(Protocol):
    """Anything that knows how much memory it holds."""

    @property
    def nbytes(self) -> int:
        """Memory held."""


Made = TypeVar("Made", bound=Sized)


MOST = 256
"""Values of one store. Their keys are not weighed, and one with a lasso or a long condition holds many kB."""


class Kept:
    """A store with room for so much memory and MOST values: what was not asked for the longest goes first."""

    def __init__(self, most_bytes: int) -> None:
        self._lock = Lock()
        least = -(-most_bytes // MOST)
        self._values: LRUCache[Hashable, Sized] = LRUCache(
            most_bytes, getsizeof=lambda made: max(made.nbytes, least)
        )

    def get(self, key: Hashable, make: Callable[[], Made]) -> Made:
        """The value for a key, made now if it is not kept."""
        with self._lock:
            found = self._values.get(key)
        if found is not None:
            return found  # type: ignore[return-value]  # one key always holds one type
        made = make()
        with self._lock:
            if made.nbytes <= self._values.maxsize:
                self._values[key] = made
        return made
