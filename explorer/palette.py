"""Which colours for which kind of quantity, and how a grid becomes the bytes the browser draws.

A map is one image of bytes: 0 is transparent, 1 to GHOST the faint grey density of all stars, the rest the
colour map. So the selected stars, their ghost and the empty cells travel together, and a change of colours
sends a palette and no pixels.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

import colorcet
import numba
import numpy as np
from numpy.typing import NDArray

GHOST = 15
"""Levels of grey below the colours."""

LEVELS = 255 - GHOST
"""Levels of colour."""

SAME = 1e-6
"""Values that differ by less than this part of themselves are one value, told apart by rounding."""

Bytes = NDArray[np.uint8]


@dataclass(frozen=True)
class ColourMap:
    """A named list of colours from colorcet, and what kinds of quantity it suits."""

    name: str
    source: str
    kinds: tuple[str, ...]

    @property
    def colours(self) -> tuple[str, ...]:
        """LEVELS hexadecimal colours, lowest first."""
        table = colorcet.palette[self.source]
        return tuple(table[round(i)] for i in np.linspace(0, len(table) - 1, LEVELS))


COLOUR_MAPS: Mapping[str, ColourMap] = MappingProxyType(
    {
        colour_map.name: colour_map
        for colour_map in (
            ColourMap("plum to gold", "bmy", ("sequential",)),
            ColourMap("blue to sand", "CET_CBL1", ("sequential",)),
            ColourMap("blue to yellow", "bgy", ("sequential",)),
            ColourMap("blues", "CET_L6", ("count",)),
            ColourMap("greys", "CET_L2", ("count", "sequential")),
            ColourMap("blue to red", "CET_D1A", ("diverging",)),
            ColourMap("blue to brown", "CET_CBD1", ("diverging",)),
            ColourMap("wheel", "CET_CBC1", ("angle",)),
        )
    }
)

DEFAULT_MAP: Mapping[str, str] = MappingProxyType(
    {
        "sequential": "plum to gold",
        "count": "blues",
        "diverging": "blue to red",
        "angle": "wheel",
        "flag": "plum to gold",
    }
)


def kind_shown(kind: str, statistic: str) -> str:
    """Kind of quantity a statistic of a label is: the spread of a diverging label is sequential."""
    if statistic == "count":
        return "count"
    return "sequential" if statistic in ("standard deviation", "standard error") or kind == "count" else kind


@cache
def palette(name: str) -> tuple[str, ...]:
    """256 colours with alpha for the bytes of a map: nothing, the ghost's greys, the colour map."""
    return (*ghostly(), *(f"{colour}ff" for colour in COLOUR_MAPS[name].colours))


def ghostly() -> list[str]:
    """The colours below those of a map: nothing, and the ghost's greys."""
    ghost = [f"#8a8a8a{round(24 + 88 * level / (GHOST - 1)):02x}" for level in range(GHOST)]
    return ["#00000000", *ghost]


@dataclass(frozen=True)
class Scale:
    """How values become colours: linearly, or by their logarithm, from low to high."""

    low: float
    high: float
    log: bool = False

    def __post_init__(self) -> None:
        if not (np.isfinite([self.low, self.high]).all() and self.low < self.high):
            raise ValueError(
                f"a colour range needs a low end below its high end; it was given {self.low} to {self.high}"
            )
        if self.log and self.low <= 0:
            raise ValueError(
                f"a logarithmic colour range needs ends above 0; it was given {self.low} to {self.high}"
            )

    def levels(self, values: NDArray[np.float64], below: Bytes | None = None) -> Bytes:
        """Bytes GHOST + 1 to 255 for finite values; elsewhere those of `below`, 0 without it."""
        low, high = (np.log10(self.low), np.log10(self.high)) if self.log else (self.low, self.high)
        under = np.zeros(values.shape, np.uint8) if below is None else below
        return np.asarray(_shade(values.ravel(), float(low), float(high), self.log, under.ravel())).reshape(
            values.shape
        )

    def values(self, levels: Bytes) -> NDArray[np.float64]:
        """Middle of each level's range of values: what an image tells; NaN below the colours."""
        low, high = (np.log10(self.low), np.log10(self.high)) if self.log else (self.low, self.high)
        middle = low + (levels.astype(np.float64) - GHOST - 0.5) / LEVELS * (high - low)
        return np.where(levels > GHOST, 10.0**middle if self.log else middle, np.nan)


def ghost(n: NDArray[np.float64]) -> Bytes:
    """Bytes 1 to GHOST for cells with stars, by the logarithm of their number; 0 for empty ones."""
    most = max(float(n.max(initial=0.0)), 2.0)
    level = np.log(np.maximum(n, 1)) / np.log(most) * (GHOST - 1)
    return np.where(n > 0, level.astype(np.uint8) + np.uint8(1), np.uint8(0))


@numba.njit(nogil=True, cache=True, error_model="numpy")
def _shade(values: NDArray[np.float64], low: float, high: float, log: bool, below: Bytes) -> Bytes:
    """Levels of values over a ghost, in one pass."""
    out = below.copy()
    for cell in range(values.size):
        if np.isfinite(values[cell]):
            shown = np.log10(values[cell]) if log else values[cell]
            if not np.isnan(shown):
                level = (shown - low) / (high - low) * LEVELS
                out[cell] = np.uint8(min(max(level, 0.0), LEVELS - 1.0)) + np.uint8(GHOST + 1)
    return out


def robust_range(values: NDArray[np.float64], *, log: bool, symmetric: bool = False) -> Scale:
    """Colour range from the 2nd to the 98th percentile (of a logarithmic one: all of it), with readable ends.

    `symmetric` puts zero in the middle, as diverging quantities need. With nothing to go by: 0 to 1,
    -1 to 1 if symmetric, 1 to 10 if logarithmic.
    """
    usable = values[np.isfinite(values) & (values > 0)] if log else values[np.isfinite(values)]
    if usable.size == 0:
        return Scale(1.0, 10.0, log=True) if log else Scale(-1.0 if symmetric else 0.0, 1.0)
    low, high = (float(end) for end in np.percentile(usable, (0, 100) if log else (2, 98)))
    if log:
        return Scale(_floor(low, low), max(_ceil(high, high), 10 * _floor(low, low)), log=True)
    if high - low <= SAME * max(abs(low), abs(high)):
        high = low + 0.1 * max(abs(high), 1.0)
    if symmetric:
        high = max(abs(low), abs(high))
        low = -high
    step = (high - low) / 20
    return Scale(_floor(low, step), _ceil(high, step))


def _step(span: float) -> float:
    """Largest of 1, 2, 5 times a power of ten that is not above `span`."""
    power = 10.0 ** np.floor(np.log10(span))
    return float(max(factor * power for factor in (1, 2, 5) if factor * power <= span * (1 + 1e-9)))


def _floor(value: float, span: float) -> float:
    step = _step(span)
    return float(f"{np.floor(value / step + 1e-9) * step:.12g}")


def _ceil(value: float, span: float) -> float:
    step = _step(span)
    return float(f"{np.ceil(value / step - 1e-9) * step:.12g}")
