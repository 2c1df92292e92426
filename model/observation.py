"""What Gaia and LAMOST measure of a star: astrometry, distance, radial velocity, signal-to-noise ratios.

Errors of parallaxes grow with magnitude as in Gaia's third release (Gaia Collaboration 2021, A&A 649, A1:
0.02 to 0.03 mas down to G = 15, 0.07 at 17); those of LAMOST are ours, of the survey's size.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

PRIOR_LENGTH = 2.0
"""Scale of the prior of distances, kpc; Bailer-Jones et al. (2018) let it change over the sky."""
PROPER_MOTION_ERROR = 1.0
"""Error of a proper motion in mas/yr over that of the parallax in mas."""
SUSPECT_SHARE = 0.04
"""Part of the stars with a large RUWE."""


@dataclass(frozen=True, eq=False)
class Astrometry:
    """Measured by Gaia: mas, mas/yr, kpc; arrays of one length."""

    parallax: Floats
    e_parallax: Floats
    pmra: Floats
    pmdec: Floats
    e_pmra: Floats
    e_pmdec: Floats
    ruwe: Floats


def parallax_error(g: Floats) -> Floats:
    """Typical error of a parallax at magnitude G, mas."""
    faintness = 10 ** (0.4 * (np.maximum(g, 13.5) - 15.0))
    error: Floats = np.sqrt(0.020**2 + 0.027**2 * faintness)
    return error


def measure_astrometry(
    distance: Floats, pmra: Floats, pmdec: Floats, g: Floats, random: np.random.Generator
) -> Astrometry:
    """Measure stars with Gaia.

    Parameters
    ----------
    distance : kpc.
    pmra, pmdec : mas/yr.
    g : apparent magnitude.
    random : source of random numbers.
    """
    suspect = random.random(g.shape) < SUSPECT_SHARE
    ruwe = np.exp(0.05 * random.standard_normal(g.shape)) + suspect * random.exponential(0.6, g.shape)
    e_parallax = parallax_error(g) * np.exp(0.15 * random.standard_normal(g.shape)) * np.maximum(ruwe, 1.0)
    e_pmra, e_pmdec = (
        PROPER_MOTION_ERROR * e_parallax * np.exp(0.08 * random.standard_normal(g.shape)) for _ in range(2)
    )
    return Astrometry(
        1 / distance + e_parallax * random.standard_normal(g.shape),
        e_parallax,
        pmra + e_pmra * random.standard_normal(g.shape),
        pmdec + e_pmdec * random.standard_normal(g.shape),
        e_pmra,
        e_pmdec,
        ruwe,
    )


def _mode(parallax: Floats, error: Floats) -> Floats:
    """Solve r^3/L - 2 r^2 + parallax r / error^2 - 1 / error^2 = 0 for r > 0: the smallest such root."""
    linear = parallax * PRIOR_LENGTH / error**2
    constant = -PRIOR_LENGTH / error**2
    shift = 2 * PRIOR_LENGTH / 3
    p = linear - 3 * shift**2
    q = constant + shift * linear - 2 * shift**3
    discriminant = (q / 2) ** 2 + (p / 3) ** 3
    outer = np.cbrt(-q / 2 - np.copysign(np.sqrt(np.maximum(discriminant, 0)), q))
    single = outer - p / (3 * outer)
    stretch = np.sqrt(np.maximum(-p / 3, 1e-12))
    angle = np.arccos(np.clip(-q / (2 * stretch**3), -1, 1)) / 3
    triple = 2 * stretch * np.cos(angle + np.where(parallax > 0, 2 * np.pi / 3, 0))
    mode: Floats = np.where(discriminant > 0, single, triple) + shift
    return mode


def estimate_distance(parallax: Floats, error: Floats) -> tuple[Floats, Floats, Floats]:
    """Distances from parallaxes with an exponentially falling space density as prior.

    The mode of the posterior is the root of a cubic (Bailer-Jones 2015, PASP 127, 994); the interval is that
    of a log-normal with the posterior's curvature at the mode.

    Parameters
    ----------
    parallax, error : mas.

    Returns
    -------
    distance and the ends of its 68 % interval, kpc.
    """
    r = _mode(parallax, error)
    curvature = 2 + (3 / r - 2 * parallax) / (error**2 * r)
    width = np.minimum(1 / np.sqrt(np.maximum(curvature, 0.2)), 0.7)
    return r, r * np.exp(-width), r * np.exp(width)


@dataclass(frozen=True, eq=False)
class Spectrum:
    """Measured by LAMOST: km/s, K, dex; arrays of one length."""

    rv: Floats
    e_rv: Floats
    snrg: Floats
    snrz: Floats
    teff: Floats
    logg: Floats
    fe_h: Floats


def measure_spectrum(
    rv: Floats,
    stellar: tuple[Floats, Floats, Floats],
    depth: Floats,
    random: np.random.Generator,
) -> Spectrum:
    """Measure stars with LAMOST and its own pipeline.

    Parameters
    ----------
    rv : km/s.
    stellar : T_eff (K), log g and [Fe/H].
    depth : magnitudes above the plate's faint limit.
    random : source of random numbers.
    """
    teff, logg, fe_h = stellar
    noise = random.standard_normal((6, *rv.shape))
    snrg = np.clip(14.0 * 10 ** (0.22 * depth + 0.12 * noise[0]), 10.0, 900.0)
    snrz = np.clip(1.25 * snrg * 10 ** (0.10 * (5900.0 - teff) / 1000.0 + 0.05 * noise[1]), 10.0, 900.0)
    e_rv = np.sqrt(2.5**2 + (110.0 / snrg) ** 2)
    return Spectrum(
        rv + e_rv * noise[2],
        e_rv,
        snrg,
        snrz,
        teff + (60.0 + 900.0 / snrg) * noise[3],
        logg + (0.10 + 1.5 / snrg) * noise[4],
        fe_h + (0.05 + 1.2 / snrg) * noise[5],
    )
