"""Wavelengths: air and vacuum, the shift to a star's rest frame, resampling on to the survey's grid."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

_LIGHT_KM_S = 299_792.458
_FIRST, _LAST, _STEP = 35_911, 39_493, 1e-4
_SHAPE_IVAR = 0.1
_LEAST_COVER = 0.5 - 1e-6


def _survey_grid() -> Floats:
    grid = np.asarray(10 ** (np.arange(_FIRST, _LAST + 1) * _STEP), dtype=np.float64)
    grid.flags.writeable = False
    return grid


SURVEY_GRID = _survey_grid()
"""Vacuum wavelengths (P,) in A of the survey's spectra, 3900.3 to 8898.1 in 3583 steps of 1e-4 in log10.

They are centres of LAMOST's own pixels, 10 ** (3.5682 + 1e-4 i), between 3900 and 8900 A.
"""


def vacuum_to_air(wavelength: ArrayLike) -> Floats:
    """Wavelengths in standard air (15 C, 1013.25 hPa, dry, 450 ppm of CO2).

    Parameters
    ----------
    wavelength : vacuum wavelengths, A; 2000 A and longer.

    Returns
    -------
    ndarray
        Wavelengths in air, A, by Ciddor (1996, Applied Optics 35, 1566), eq. 1, the formula of the
        IDL Astronomy Library and of SDSS.

    Raises
    ------
    ValueError
        If a wavelength is below 2000 A or not a number.
    """
    vacuum = _optical(wavelength)
    return vacuum / _refraction(vacuum)


def air_to_vacuum(wavelength: ArrayLike) -> Floats:
    """Vacuum wavelengths (A) of wavelengths in standard air: the inverse of `vacuum_to_air` to 1e-9 A.

    Parameters
    ----------
    wavelength : wavelengths in air, A; 2000 A and longer.

    Raises
    ------
    ValueError
        If a wavelength is below 2000 A or not a number.
    """
    air = _optical(wavelength)
    vacuum = air
    # Each turn gains five digits, for the index hardly depends on wavelength.
    for _ in range(3):
        vacuum = air * _refraction(vacuum)
    return vacuum


def _optical(wavelength: ArrayLike) -> Floats:
    values = np.asarray(wavelength, dtype=np.float64)
    if not (values >= 2000).all():
        raise ValueError(
            f"wavelength {_least(values):g}: expected 2000 A or more, where the formula holds; "
            "give wavelengths in Angstrom"
        )
    return values


def _least(values: Floats) -> float:
    return float(np.nan if np.isnan(values).any() else values.min())


def _refraction(vacuum: Floats) -> Floats:
    square = (1e4 / vacuum) ** 2
    return 1 + 0.057_921_05 / (238.0185 - square) + 0.001_679_17 / (57.362 - square)


def rest_frame(wavelength: ArrayLike, z: float) -> Floats:
    """Wavelengths in the frame of the star: lambda / (1 + z).

    Parameters
    ----------
    wavelength : as observed (heliocentric), A.
    z : redshift of the star, as in the header of its spectrum.

    Raises
    ------
    ValueError
        If z is not a number above -1, as the -9999 by which LAMOST says that it measured none.
    """
    if not -1 < z < np.inf:
        raise ValueError(f"redshift {z}: expected a number above -1; leave out spectra without a redshift")
    return np.asarray(wavelength, dtype=np.float64) / (1 + z)


def radial_velocity(z: ArrayLike) -> Floats:
    """Radial velocity c z in km/s, as LAMOST's catalogues state it; NaN where z is."""
    return _LIGHT_KM_S * np.asarray(z, dtype=np.float64)


def resample(
    wavelength: ArrayLike, flux: ArrayLike, ivar: ArrayLike, grid: ArrayLike
) -> tuple[Floats, Floats]:
    """Bring one spectrum on to another grid of pixels.

    Pixels are intervals of ln(lambda) that touch halfway between their centres, so that a Doppler shift is a
    translation. Within a pixel the flux is the parabola whose mean is the pixel's value and which meets its
    neighbours at edge values of fourth order (the piecewise parabolic method: Colella & Woodward 1984, J.
    Comput. Phys. 54, 174, eq. 1.9 for even spacing; without limiters, which would bias noise). It is
    averaged over each new pixel, weighted by inverse variance. A line as narrow as LAMOST resolves, 2.4
    pixels, keeps its shape to 3 % of its depth at the worst shift, half a pixel; linear interpolation is off
    by 11 %.

    The inverse variance of a new pixel is the sum of the old ones', each times the fraction of the old pixel
    that lies in the new. Hence the sums of ivar, the information in a spectrum, and of flux times ivar stay
    the same. DESI's pipeline holds the same rule (desispec.interpolation.resample_flux). Errors of neighbours
    become correlated, which one number per pixel can't say.

    Pixels with ivar 0 are never touched. A neighbour that is missing, or has less than a tenth of a pixel's
    ivar, does not shape the flux within that pixel (it is then a straight line, or constant). A new pixel of
    which less than half is covered by old ones with ivar > 0 is missing.

    Parameters
    ----------
    wavelength, flux, ivar : (N,) the spectrum, N >= 2. Wavelengths strictly increasing, positive; ivar >= 0,
        and 0 where flux is missing.
    grid : (P,) wavelengths of the new pixels' centres, strictly increasing.

    Returns
    -------
    flux, ivar : (P,) each, new arrays; both are 0 where there is nothing.

    Raises
    ------
    ValueError
        If shapes differ, wavelengths do not increase, ivar is negative or not finite, or flux is not finite
        where ivar is positive.
    """
    old, new = _edges(wavelength, "wavelength"), _edges(grid, "grid")
    values, weights = _checked(flux, ivar, old.size - 1)
    pieces = _pieces(old, new, weights)
    information = weights[pieces.old] * (pieces.stop - pieces.start)
    means = _means(values, weights, pieces)
    cover, total, weighted = (
        np.bincount(pieces.new, amount, new.size - 1)
        for amount in (pieces.share, information, information * means)
    )
    ivar_new = np.where(cover >= _LEAST_COVER, total, 0.0)
    flux_new = np.divide(weighted, ivar_new, out=np.zeros(new.size - 1), where=ivar_new > 0)
    return flux_new, ivar_new


def _edges(centres: ArrayLike, name: str) -> Floats:
    values = np.asarray(centres, dtype=np.float64)
    if values.ndim != 1 or values.size < 2:
        raise ValueError(f"{name} of shape {values.shape}: expected one row of two pixels or more")
    if not (values[0] > 0 and (np.diff(values) > 0).all() and values[-1] < np.inf):
        raise ValueError(f"{name} must increase strictly from above 0: sort its pixels, drop repeated ones")
    logs = np.log(values)
    between = (logs[1:] + logs[:-1]) / 2
    return np.concatenate([[2 * logs[0] - between[0]], between, [2 * logs[-1] - between[-1]]])


def _checked(flux: ArrayLike, ivar: ArrayLike, pixels: int) -> tuple[Floats, Floats]:
    values, weights = np.asarray(flux, dtype=np.float64), np.asarray(ivar, dtype=np.float64)
    if not values.shape == weights.shape == (pixels,):
        raise ValueError(
            f"flux of shape {values.shape} and ivar of shape {weights.shape}: expected ({pixels},), "
            "as the wavelengths"
        )
    if not ((weights >= 0) & (weights < np.inf)).all():
        raise ValueError("ivar is negative or not finite: set it to 0 where the flux is not to be used")
    if not np.isfinite(values[weights > 0]).all():
        raise ValueError("flux is not finite where ivar is positive: set ivar to 0 there")
    return np.where(weights > 0, values, 0.0), weights


class _Pieces(NamedTuple):
    """Intervals that lie in one old and one new pixel each."""

    old: NDArray[np.intp]
    new: NDArray[np.intp]
    start: Floats
    """Where they begin and stop in the old pixel, from 0 to 1."""
    stop: Floats
    share: Floats
    """Their fraction of the new pixel."""


def _pieces(old: Floats, new: Floats, ivar: Floats) -> _Pieces:
    """Cut the common range at all edges, and keep what lies in pixels with ivar > 0."""
    first, last = max(old[0], new[0]), min(old[-1], new[-1])
    cuts = np.concatenate([old, new])
    cuts = np.sort(cuts[(cuts >= first) & (cuts <= last)], kind="stable")
    left, right = cuts[:-1], cuts[1:]
    in_old = np.searchsorted(old, left, "right") - 1
    kept = right > left
    kept[kept] = ivar[in_old[kept]] > 0
    left, right, in_old = left[kept], right[kept], in_old[kept]
    in_new = np.searchsorted(new, left, "right") - 1
    width = np.diff(old)[in_old]
    share = (right - left) / np.diff(new)[in_new]
    return _Pieces(in_old, in_new, (left - old[in_old]) / width, (right - old[in_old]) / width, share)


def _means(flux: Floats, ivar: Floats, pieces: _Pieces) -> Floats:
    """Mean flux of each piece under the parabola left + x (slope + bend (1 - x)) of its old pixel."""
    left, right = (_edge_values(flux, ivar, side) for side in (-1, 1))
    left, right = (
        np.where(np.isfinite(left), left, np.where(np.isfinite(right), 2 * flux - right, flux)),
        np.where(np.isfinite(right), right, np.where(np.isfinite(left), 2 * flux - left, flux)),
    )
    bend = (6 * flux - 3 * (left + right))[pieces.old]
    slope = (right - left)[pieces.old]
    start, stop = pieces.start, pieces.stop
    squares = (start * start + start * stop + stop * stop) / 3
    means: Floats = left[pieces.old] + (slope + bend) * (start + stop) / 2 - bend * squares
    return means


def _edge_values(flux: Floats, ivar: Floats, side: int) -> Floats:
    """Flux at the left (-1) or right (1) edge of each pixel; NaN where the neighbour there is of no use."""
    pad = 2
    fluxes, ivars = np.pad(flux, pad), np.pad(ivar, pad)

    def neighbour(steps: int) -> tuple[Floats, NDArray[np.bool_]]:
        place = slice(pad + steps * side, pad + steps * side + flux.size)
        return fluxes[place], (ivars[place] > 0) & (ivars[place] >= _SHAPE_IVAR * ivar)

    (near, has_near), (far, has_far), (behind, has_behind) = (neighbour(steps) for steps in (1, 2, -1))
    straight = np.where(has_near, (flux + near) / 2, np.nan)
    return np.where(has_near & has_far & has_behind, straight + (flux + near - behind - far) / 12, straight)
