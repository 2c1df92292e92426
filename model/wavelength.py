"""Wavelengths: air and vacuum, the shift to a star's rest frame, resampling on to the survey's grid."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from model.compiled import exact

Floats = NDArray[np.float64]
_Pixel = tuple[float, float]

_LIGHT_KM_S = 299_792.458
_FIRST, _LAST, _STEP = 35_911, 39_493, 1e-4
_SHAPE_IVAR = 0.1
_LEAST_COVER = 0.5 - 1e-6
_PAD = 2


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


def redshift(rv: ArrayLike) -> Floats:
    """Redshift z of a radial velocity c z in km/s, as LAMOST's headers state it; NaN where rv is."""
    return np.asarray(rv, dtype=np.float64) / _LIGHT_KM_S


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
    old = _edges(wavelength, "wavelength")
    new = _SURVEY_EDGES if grid is SURVEY_GRID else _edges(grid, "grid")
    values, weights = _padded(flux, ivar, old.size - 1)
    return _average(values, weights, old, new)


def _edges(centres: ArrayLike, name: str) -> Floats:
    values = np.asarray(centres, dtype=np.float64)
    if values.ndim != 1 or values.size < 2:
        raise ValueError(f"{name} of shape {values.shape}: expected one row of two pixels or more")
    if not (values[0] > 0 and (values[1:] > values[:-1]).all() and values[-1] < np.inf):
        raise ValueError(f"{name} must increase strictly from above 0: sort its pixels, drop repeated ones")
    logs = np.log(values)
    edges = np.empty(values.size + 1)
    edges[1:-1] = (logs[1:] + logs[:-1]) / 2
    edges[0], edges[-1] = 2 * logs[0] - edges[1], 2 * logs[-1] - edges[-2]
    return edges


_SURVEY_EDGES = _edges(SURVEY_GRID, "grid")


def _padded(flux: ArrayLike, ivar: ArrayLike, pixels: int) -> Floats:
    """Flux and ivar, (2, N + 4): checked, with two missing pixels at either end."""
    if not np.shape(flux) == np.shape(ivar) == (pixels,):
        raise ValueError(
            f"flux of shape {np.shape(flux)} and ivar of shape {np.shape(ivar)}: expected ({pixels},), "
            "as the wavelengths"
        )
    padded = np.zeros((2, pixels + 2 * _PAD))
    values, weights = padded
    values[_PAD:-_PAD], weights[_PAD:-_PAD] = np.asarray(flux), np.asarray(ivar)
    if not ((weights >= 0) & (weights < np.inf)).all():
        raise ValueError("ivar is negative or not finite: set it to 0 where the flux is not to be used")
    if not (np.isfinite(values) | (weights == 0)).all():
        raise ValueError("flux is not finite where ivar is positive: set ivar to 0 there")
    return padded


def _edge_value(behind: _Pixel, here: _Pixel, near: _Pixel, far: _Pixel) -> float:
    """Flux at the edge of a pixel to a near one; NaN where that is of no use."""
    least = _SHAPE_IVAR * here[1]
    if not (near[1] > 0 and near[1] >= least):
        return np.nan
    both = here[0] + near[0]
    if not (min(far[1], behind[1]) > 0 and min(far[1], behind[1]) >= least):
        return both / 2
    return both / 2 + (both - behind[0] - far[0]) / 12


def _average_pixels(flux: Floats, ivar: Floats, old: Floats, new: Floats) -> tuple[Floats, Floats]:
    """Flux and ivar between the new edges, from padded ones between the old edges.

    A piece lies in one old and one new pixel. Its flux is the mean, from start to stop, of the parabola
    left + x (slope + 3 bend (1 - x)) of its old pixel, where x goes from 0 to 1.
    """
    pixels = new.size - 1
    fluxes, ivars, cover = np.zeros(pixels), np.zeros(pixels), np.zeros(pixels)
    j = 0
    for i in range(old.size - 1):
        # Pixels go into other functions as numbers: to hand on arrays would take ten times as long.
        p = i + _PAD
        mean, weight = here = flux[p], ivar[p]
        if not weight > 0:
            continue
        before, after = (flux[p - 1], ivar[p - 1]), (flux[p + 1], ivar[p + 1])
        left = _edge(after, here, before, (flux[p - 2], ivar[p - 2]))
        right = _edge(before, here, after, (flux[p + 2], ivar[p + 2]))
        if np.isnan(left):
            left = mean if np.isnan(right) else 2 * mean - right
        if np.isnan(right):
            right = 2 * mean - left
        bend = 2 * mean - (left + right)
        rise, per_width = (right - left + 3 * bend) / 2, 1 / (old[i + 1] - old[i])
        while j < pixels:
            first, last = max(old[i], new[j]), min(old[i + 1], new[j + 1])
            if last > first:
                start, stop = (first - old[i]) * per_width, (last - old[i]) * per_width
                squares = start * start + start * stop + stop * stop
                information = weight * (stop - start)
                fluxes[j] += information * (left + rise * (start + stop) - bend * squares)
                ivars[j] += information
                cover[j] += last - first
            if new[j + 1] > old[i + 1]:
                break
            j += 1
    for j in range(pixels):
        if cover[j] < _LEAST_COVER * (new[j + 1] - new[j]):
            ivars[j] = 0.0
        fluxes[j] = fluxes[j] / ivars[j] if ivars[j] > 0 else 0.0
    return fluxes, ivars


_edge, _average = exact(_edge_value), exact(_average_pixels)
