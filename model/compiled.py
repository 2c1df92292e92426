"""How the model's loops are compiled. All release the interpreter lock, and are compiled once and for all."""

from typing import Any, Protocol, TypeVar

import numba

Function = TypeVar("Function")


class _Compiler(Protocol):
    """What numba's decorator does to types: nothing."""

    def __call__(self, function: Function) -> Function: ...


_EXACT: dict[str, Any] = {"nogil": True, "cache": True, "error_model": "numpy"}
_FAST: dict[str, Any] = {**_EXACT, "fastmath": {"contract", "reassoc", "nsz"}}

exact: _Compiler = numba.njit(**_EXACT)
"""Sums are in the order in which they are written."""
compiled: _Compiler = numba.njit(**_FAST)
"""Sums are in the order that is fastest."""
inlined: _Compiler = numba.njit(**_FAST, forceinline=True)
"""What compiled loops call. As calls, their sums would be ordered otherwise on the day they are compiled."""
