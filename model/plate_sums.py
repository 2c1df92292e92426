"""Sums over the stars of each plate in each pixel: all that a fit within pixels needs of the stars.

A bootstrap over plates takes each sum as often as its plate was drawn, so that a draw costs no walk over the
stars: one product of a sparse matrix with these sums, and one sum of small matrices.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Progress = Callable[[int, int], None]
"""Told how much is done, of how much; it may raise to stop."""

BLOCK = 50_000
"""Stars whose columns are in memory at once, but for a plate of more."""


@dataclass(frozen=True, eq=False)
class PlateSums:
    """Weighted sums of the E pairs of a pixel and a plate, of J plates and P pixels.

    Attributes
    ----------
    pixel, plate : (E,) of each pair, pixels rising.
    sums : (E, 2 + K) of the weights, and of weight times label and columns.
    products : (J, 1 + K, 1 + K) of weight times the products of label and columns, over each plate.
    pixels : P.
    """

    pixel: Integers
    plate: Integers
    sums: Floats
    products: Floats
    pixels: int

    @property
    def plates(self) -> int:
        """How many there are."""
        return len(self.products)

    def by_pixel(self, factor: Floats) -> csr_array:
        """Matrix (P, E) that adds up pairs, each times a factor, (E,)."""
        starts = np.searchsorted(self.pixel, np.arange(self.pixels + 1))
        return csr_array((factor, np.arange(len(factor)), starts), shape=(self.pixels, len(factor)))

    def by_plate(self, factor: Floats) -> csr_array:
        """Matrix (J, E) that adds up pairs, each times a factor, (E,)."""
        order, starts = self._plates_in_turn
        return csr_array((factor[order], order, starts), shape=(self.plates, len(factor)))

    @cached_property
    def _plates_in_turn(self) -> tuple[Integers, Integers]:
        """Pairs with plates rising, and where each plate starts."""
        order = np.argsort(self.plate, kind="stable")
        return order, np.searchsorted(self.plate[order], np.arange(self.plates + 1))

    @classmethod
    def over(
        cls,
        place: tuple[Integers, Integers],
        shape: tuple[int, int],
        label: Floats,
        weight: Floats,
        columns: Callable[[Integers], Floats],
        progress: Progress | None = None,
    ) -> "PlateSums":
        """Sum over stars.

        Parameters
        ----------
        place : (N,) pixels and (N,) plates of the stars, from 0.
        shape : how many pixels and plates there are.
        label, weight : (N,).
        columns : gives (M, K) columns of M rows.
        progress : told how many stars are done.
        """
        pixel, plate = place
        order = np.lexsort((pixel, plate))
        ends = np.searchsorted(plate[order], np.arange(shape[1] + 1))
        products: list[Floats] = []
        pieces: list[tuple[Integers, Integers, Floats]] = []
        first = 0
        while first < shape[1]:
            last = max(int(np.searchsorted(ends, ends[first] + BLOCK, side="right")) - 1, first + 1)
            rows = order[ends[first] : ends[last]]
            values = np.hstack([np.ones((len(rows), 1)), label[rows, None], columns(rows)])
            weighted = weight[rows, None] * values
            for one in range(first, last):
                part = slice(ends[one] - ends[first], ends[one + 1] - ends[first])
                products.append(values[part, 1:].T @ weighted[part, 1:])
            pieces.append(_paired(pixel[rows], plate[rows], weighted))
            first = last
            if progress is not None:
                progress(int(ends[first]), len(order))
        where, which, sums = (np.concatenate(parts) for parts in zip(*pieces, strict=True))
        rising = np.argsort(where, kind="stable")
        return cls(where[rising], which[rising], sums[rising], np.stack(products), shape[0])


def _paired(pixel: Integers, plate: Integers, weighted: Floats) -> tuple[Integers, Integers, Floats]:
    """Sum rows that are sorted by plate, then pixel."""
    new = np.ones(len(pixel), dtype=bool)
    new[1:] = (np.diff(pixel) != 0) | (np.diff(plate) != 0)
    starts = np.flatnonzero(new)
    if not len(starts):
        return pixel, plate, weighted
    return pixel[starts], plate[starts], np.add.reduceat(weighted, starts, axis=0)
