"""The continuum of a spectrum: its flux smoothed by a broad Gaussian."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from typing import NamedTuple

import numba
import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

Floats = NDArray[np.floating]

_BLOCK_PIXELS = 64
_BATCH_VALUES = 1 << 19
"""Pixels of a batch of stars: 150 spectra of 3583, 10 MB of work space in single precision."""


class _Block(NamedTuple):
    """Neighbouring pixels, those within reach of them, and the weights (inputs, outputs) of the latter."""

    outputs: slice
    inputs: slice
    weights: Floats


@dataclass(frozen=True, eq=False)
class Continuum:
    """Gaussian smoothing on a grid, weighted by inverse variance, to divide spectra by.

    The continuum at lambda_j is sum_i K_ij w_i f_i / sum_i K_ij w_i over the pixels within `cut` of it, with
    w the inverse variance and K_ij = exp(-(lambda_i - lambda_j)^2 / (2 sigma^2)): section 3 of the paper,
    after Ho et al. (2017, ApJ 836, 5). K is a band: blocks of 64 pixels of the continuum each are one matrix
    product with the pixels that reach them.

    Attributes
    ----------
    grid : (P,) wavelengths, A, strictly increasing.
    sigma : standard deviation of the Gaussian, A.
    cut : distance beyond which pixels do not count, A.
    """

    grid: NDArray[np.float64]
    sigma: float = 50.0
    cut: float = 150.0
    _blocks: dict[type, tuple[_Block, ...]] = field(default_factory=dict, init=False, repr=False)

    def __post_init__(self) -> None:
        grid = np.array(self.grid, dtype=np.float64)
        if grid.ndim != 1 or not grid.size or not (np.isfinite(grid).all() and (np.diff(grid) > 0).all()):
            raise ValueError("grid must be one row of strictly increasing wavelengths: sort them")
        if not (0 < self.sigma < np.inf and 0 < self.cut < np.inf):
            raise ValueError(f"sigma {self.sigma} A and cut {self.cut} A: expected lengths above 0")
        grid.flags.writeable = False
        object.__setattr__(self, "grid", grid)
        for kind in (np.float32, np.float64):
            self._blocks[kind] = tuple(self._band(kind))

    def _band(self, kind: DTypeLike) -> Iterator[_Block]:
        edges = [*range(0, self.grid.size, _BLOCK_PIXELS), self.grid.size]
        for start, stop in pairwise(edges):
            first = np.searchsorted(self.grid, self.grid[start] - self.cut, "left")
            last = np.searchsorted(self.grid, self.grid[stop - 1] + self.cut, "right")
            apart = self.grid[first:last, None] - self.grid[start:stop]
            weights = np.exp(-0.5 * (apart / self.sigma) ** 2) * (np.abs(apart) <= self.cut)
            yield _Block(slice(start, stop), slice(int(first), int(last)), weights.astype(kind))

    def normalise(self, flux: ArrayLike, ivar: ArrayLike) -> tuple[Floats, Floats, Floats]:
        """Divide spectra by their continuum.

        Arithmetic is in float32 if both arrays are, else in float64; they agree to 2e-6 of the smoothed
        absolute flux, which is the continuum where flux is positive. Spectra are taken in batches: beside
        the results, memory does not grow with their number.

        Parameters
        ----------
        flux, ivar : (P,) or (M, P) on the grid; ivar >= 0, and 0 where flux is missing: what flux holds there
            is never used.

        Returns
        -------
        flux, ivar, continuum : new arrays of the same shape: f / c, ivar c^2, and c. Pixels that carry
            nothing have flux 1 and ivar 0: those with ivar 0, and those without a continuum above 0, whose
            continuum is then 0 (no pixel with ivar > 0 within the cut, or as much negative flux as positive).

        Raises
        ------
        ValueError
            If shapes differ from each other or the grid's, ivar is negative or not finite, or flux is not
            finite where ivar is positive.
        """
        fluxes, ivars = np.asarray(flux), np.asarray(ivar)
        if fluxes.shape != ivars.shape or fluxes.ndim not in (1, 2) or fluxes.shape[-1] != self.grid.size:
            raise ValueError(
                f"flux of shape {fluxes.shape} and ivar of shape {ivars.shape}: expected both "
                f"({self.grid.size},) or (stars, {self.grid.size}), as the grid"
            )
        single = fluxes.dtype == ivars.dtype == np.float32
        normal, weight, continuum = (
            np.empty(fluxes.shape, np.float32 if single else np.float64) for _ in range(3)
        )
        arrays = [a.reshape(-1, self.grid.size) for a in (fluxes, ivars, normal, weight, continuum)]
        stars = max(1, _BATCH_VALUES // self.grid.size)
        for start in range(0, len(arrays[0]), stars):
            self._normalise_batch(*(array[start : start + stars] for array in arrays))
        return normal, weight, continuum

    def _normalise_batch(
        self, flux: Floats, ivar: Floats, normal: Floats, weight: Floats, continuum: Floats
    ) -> None:
        """Fill the last three arrays."""
        kind = normal.dtype.type
        flux, ivar = (np.ascontiguousarray(array, kind).ravel() for array in (flux, ivar))
        weights, smooth = np.empty((2, 2, flux.size), kind)
        if not _weigh(flux, ivar, *weights):
            raise ValueError(
                "ivar is negative or not finite, or flux is not finite where ivar is positive: "
                "set ivar to 0 where flux is not to be used"
            )
        rows, smooth_rows = weights.reshape(-1, self.grid.size), smooth.reshape(-1, self.grid.size)
        for block in self._blocks[kind]:
            np.matmul(rows[:, block.inputs], block.weights, out=smooth_rows[:, block.outputs])
        _divide(flux, ivar, *smooth, normal.reshape(-1), weight.reshape(-1), continuum.reshape(-1))


def _weigh_pixels(flux: Floats, ivar: Floats, weight: Floats, weighted: Floats) -> bool:
    """Copy ivar, and fill in ivar * flux, 0 where ivar is; whether all of it makes sense."""
    zero = flux.dtype.type(0)
    sound = True
    for i in range(flux.size):
        w = ivar[i]
        product = w * (flux[i] if w > zero else zero)
        weight[i] = w
        weighted[i] = product
        sound &= (w >= zero) & (abs(product) < np.inf)
    return sound


def _divide_pixels(
    flux: Floats,
    ivar: Floats,
    total: Floats,
    weighted: Floats,
    normal: Floats,
    weight: Floats,
    continuum: Floats,
) -> None:
    """Fill the last three arrays from the smoothed ivar and ivar * flux."""
    zero, one = flux.dtype.type(0), flux.dtype.type(1)
    for i in range(flux.size):
        f, w, above, below = flux[i], ivar[i], weighted[i], total[i]
        there = above > zero
        used = there and w > zero
        c = (above if there else zero) / (below if there else one)
        continuum[i] = c
        normal[i] = (f if used else one) / (c if used else one)
        weight[i] = (w if used else zero) * c * c


# Three passes of numpy over each pixel are one of these: a quarter of the time of the whole.
_weigh = numba.njit(nogil=True, cache=True, error_model="numpy")(_weigh_pixels)
_divide = numba.njit(nogil=True, cache=True, error_model="numpy")(_divide_pixels)
