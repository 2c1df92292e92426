"""How well a model fits around the strong lines of each element: windowed chi2 and a signed residual.

A poor fit there points to a star that is enriched or depleted beyond what its other labels say (section 5.1).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from model.lines import Window, Windows

Floats = NDArray[np.float64]
Numbers = NDArray[Any]

FEWEST_PIXELS = 3
"""A window needs this many pixels of the grid, and an element this many good ones of a star."""

BATCH = 4096
"""Stars looked at at once."""

_FWHM_PER_SIGMA = 2.354_820_045


@dataclass(frozen=True, eq=False)
class WindowFit:
    """Fit of M spectra in the windows of E elements; every array is (M, E).

    Attributes
    ----------
    pixels : number of good pixels.
    chi2 : sum of (flux - model)^2 / (1 / ivar + s^2) over them; NaN if there are fewer than 3.
    residual : matched filter in units of its own error: positive where the lines are deeper than the model's,
        as in a star enriched in the element; Gaussian of width 1 if the model is right. NaN where chi2 is,
        and where an element has only bands.
    depth : the same in units of the continuum, at the lines' centres.
    """

    pixels: NDArray[np.int64]
    chi2: Floats
    residual: Floats
    depth: Floats

    @classmethod
    def joined(cls, parts: Sequence["WindowFit"]) -> "WindowFit":
        """Those of several batches of stars as one."""
        arrays = [[getattr(part, one.name) for part in parts] for one in fields(cls)]
        return cls(*(np.concatenate(some) for some in arrays))

    def __getitem__(self, stars: NDArray[Any]) -> "WindowFit":
        """Those of some of the stars, or in another order."""
        return WindowFit(*(getattr(self, one.name)[stars] for one in fields(self)))


@dataclass(frozen=True, eq=False)
class WindowPixels:
    """Windows laid on a grid of pixels.

    Attributes
    ----------
    names : of the E elements.
    inside : whether a pixel's centre is in a window, (E, P); windows of fewer than 3 pixels are left out.
    profile : (E, P), what the filter looks for: in each window that is no band a Gaussian of depth 1 at its
        centre, half as wide (at half maximum) as the window; 0 elsewhere.
    """

    names: tuple[str, ...]
    inside: NDArray[np.bool_]
    profile: Floats

    @classmethod
    def of(cls, wavelength: ArrayLike, windows: Windows) -> "WindowPixels":
        """Lay windows on a grid.

        Parameters
        ----------
        wavelength : centres of the pixels, (P,), A, increasing; in air or vacuum as the windows are.
        windows : LAMOST_WINDOWS, GALAH_WINDOWS or others.

        Raises
        ------
        ValueError
            If the wavelengths do not increase.
        """
        x = np.asarray(wavelength, dtype=np.float64)
        if x.ndim != 1 or not np.all(np.diff(x) > 0):
            raise ValueError(f"wavelengths of shape {x.shape} do not increase: give one grid, sorted")
        inside = np.zeros((len(windows), len(x)), dtype=np.bool_)
        profile = np.zeros(inside.shape)
        for row, element in enumerate(windows.values()):
            for window in element:
                hit = (x >= window.low) & (x <= window.high)
                if np.count_nonzero(hit) >= FEWEST_PIXELS:
                    inside[row] |= hit
                    profile[row] += np.where(hit, _profile(x, window), 0.0)
        return cls(tuple(windows), inside, profile)

    def fit(self, flux: ArrayLike, ivar: ArrayLike, model: ArrayLike, s: ArrayLike) -> WindowFit:
        """Compare spectra with models.

        Parameters
        ----------
        flux, ivar : normalised spectra, (M, P). A pixel of ivar 0 is not looked at.
        model : their best-fitting models, (M, P).
        s : the model's own scatter, (P,); NaN at pixels that the model does not know, which are left out too.

        Raises
        ------
        ValueError
            If shapes do not fit, an ivar is negative, or a good pixel's flux or model is no number.
        """
        f, i, m, own = self._checked((flux, ivar, model, s))
        batches = [slice(first, first + BATCH) for first in range(0, max(len(f), 1), BATCH)]
        parts = [self._fit(f[stars], i[stars], m[stars], own) for stars in batches]
        return WindowFit(*(np.concatenate(some) for some in zip(*parts, strict=True)))

    def _fit(
        self, flux: Numbers, ivar: Numbers, model: Numbers, s: Floats
    ) -> tuple[NDArray[np.int64], Floats, Floats, Floats]:
        """See `fit`; the fields of `WindowFit`."""
        used = np.flatnonzero(self.inside.any(axis=0))
        f, i, m, own = (values[..., used].astype(np.float64) for values in (flux, ivar, model, s))
        good = (i > 0) & ~np.isnan(own)
        with np.errstate(invalid="ignore"):
            deeper = np.where(good, m - f, 0.0)
        if not (np.all((i >= 0) & (i < np.inf)) and np.all(np.isfinite(deeper))):
            raise ValueError(
                "an ivar is negative or infinite, or a good pixel's flux or model no number: "
                "set ivar to 0 where the flux is bad"
            )
        weight = np.where(good, i / (1 + i * own**2), 0.0)
        inside, profile = self.inside[:, used].T.astype(np.float64), self.profile[:, used].T
        pixels = (good @ inside).astype(np.int64)
        chi2 = (weight * deeper**2) @ inside
        found, power = (weight * deeper) @ profile, weight @ profile**2
        known = pixels >= FEWEST_PIXELS
        power = np.where(known & (power > 0), power, np.nan)
        return pixels, np.where(known, chi2, np.nan), found / np.sqrt(power), found / power

    def _checked(self, given: Iterable[ArrayLike]) -> list[Numbers]:
        """Spectra with models, and scatter, as arrays of the right shapes."""
        arrays = [np.asarray(values) for values in given]
        stars, grid = arrays[0].shape[:1], self.inside.shape[1:]
        if [values.shape for values in arrays] != [stars + grid] * 3 + [grid]:
            raise ValueError(
                f"flux, ivar, model and s are {', '.join(str(values.shape) for values in arrays)}: "
                f"expected (stars, {grid[0]}) thrice and ({grid[0]},)"
            )
        return arrays


def _profile(wavelength: Floats, window: Window) -> Floats | float:
    if window.band:
        return 0.0
    sigma = (window.high - window.low) / 2 / _FWHM_PER_SIGMA
    profile: Floats = np.exp(-0.5 * ((wavelength - (window.low + window.high) / 2) / sigma) ** 2)
    return profile
