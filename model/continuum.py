"""The continuum of a spectrum: its flux smoothed by a broad Gaussian."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray

from model.smoothing import LANES, SPARE, Windows, columns_of, count_each, normalised, slide

Floats = NDArray[np.floating]


@dataclass(frozen=True, eq=False)
class Continuum:
    """Gaussian smoothing on a grid, weighted by inverse variance, to divide spectra by.

    The continuum at lambda_j is sum_i K_ij w_i f_i / sum_i K_ij w_i over the pixels within `cut` of it, with
    w the inverse variance and K_ij = exp(-(lambda_i - lambda_j)^2 / (2 sigma^2)): section 3 of the paper,
    after Ho et al. (2017, ApJ 836, 5). K is made of cosines, accurate to 1e-6 at each
    pixel; in the continuum of a hundred pixels or more, 1e-8 is left of that (see `model.smoothing`).

    Attributes
    ----------
    grid : (P,) wavelengths, A, strictly increasing.
    sigma : standard deviation of the Gaussian, A.
    cut : distance beyond which pixels do not count, A.
    """

    grid: NDArray[np.float64]
    sigma: float = 50.0
    cut: float = 150.0
    _windows: Windows = field(init=False, repr=False)

    def __post_init__(self) -> None:
        grid = np.array(self.grid, dtype=np.float64)
        if grid.ndim != 1 or not grid.size or not (np.isfinite(grid).all() and (np.diff(grid) > 0).all()):
            raise ValueError("grid must be one row of strictly increasing wavelengths: sort them")
        if not (0 < self.sigma < np.inf and 0 < self.cut < np.inf):
            raise ValueError(f"sigma {self.sigma} A and cut {self.cut} A: expected lengths above 0")
        grid.flags.writeable = False
        object.__setattr__(self, "grid", grid)
        object.__setattr__(self, "_windows", Windows.of(grid, self.sigma, self.cut))

    def normalise(self, flux: ArrayLike, ivar: ArrayLike) -> tuple[Floats, Floats, Floats]:
        """Divide spectra by their continuum.

        Results are in float32 if both arrays are, else in float64; sums are in float64. They agree with the
        definition to 1e-6 of the smoothed absolute flux, which is the continuum where flux is positive; a
        spectrum alone is as among others. Beside the results, memory does not grow with their number.

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
        work = np.zeros((2, self.grid.size + 1, 2 * LANES + SPARE))
        for start in range(0, len(arrays[0]), LANES):
            self._normalise_some(*(array[start : start + LANES] for array in arrays), *work)
        return normal, weight, continuum

    def _normalise_some(
        self,
        flux: Floats,
        ivar: Floats,
        normal: Floats,
        weight: Floats,
        continuum: Floats,
        columns: NDArray[np.float64],
        ratios: NDArray[np.float64],
    ) -> None:
        """Fill the three arrays in the middle; the last two are work space."""
        flux, ivar = (np.ascontiguousarray(array, normal.dtype) for array in (flux, ivar))
        if not columns_of(flux, ivar, columns):
            raise ValueError(
                "ivar is negative or not finite, or flux is not finite where ivar is positive: "
                "set ivar to 0 where flux is not to be used"
            )
        windows = self._windows
        if windows.steps.size:
            slide(columns, windows.waves, windows.steps, ratios)
        else:
            count_each(columns, windows.position, windows.first, windows.last, ratios)
        normalised(flux, ivar, ratios, normal, weight, continuum)
