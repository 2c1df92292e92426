"""Isochrone-like tracks: where a star of a given age, [Fe/H] and phase of life stands in the Kiel diagram.

Every relation is ours and chosen for looks, around textbook values for the zero-age main sequence, the giant
branch and the red clump, except the bolometric correction (Andrae et al. 2018, A&A 616, A8, table 4) and the
initial mass function (Kroupa 2001, MNRAS 322, 231: slope -2.3 above 0.5 solar masses).

A *phase* orders the stars of one isochrone: 0-1 main sequence (from the lightest star to the turn-off),
1-2 subgiants, 2-3 the red giant branch from its base to its tip, 3-4 the red clump and the way up again.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

TEFF_SUN, LOGG_SUN, BOLOMETRIC_SUN = 5772.0, 4.438, 4.74
LIGHTEST = 0.5
"""Lowest mass followed, solar masses."""
IMF_SLOPE = -2.3

ZERO_AGE_MASS = np.array([0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.1, 1.2, 1.3, 1.4, 1.5, 1.7, 2.0, 2.5, 3.0, 5.0])
ZERO_AGE_LOG_L = np.array(
    [-1.40, -1.12, -0.82, -0.55, -0.33, -0.15, 0.04, 0.23, 0.41, 0.56, 0.70, 0.93, 1.23, 1.63, 1.93, 2.75]
)
ZERO_AGE_TEFF = np.array(
    [3760, 4070, 4500, 4960, 5320, 5640, 5920, 6190, 6470, 6760, 7060, 7750, 9000, 10700, 12500, 17200]
)

LOG_L_TIP = 3.3
BRANCH_CLIMB = 0.85
"""The time left on the giant branch falls as luminosity to this power."""
CLUMP_GYR = 0.12
CLUMP_SHARE = 0.88
"""Part of the last phase spent in the clump."""

COOL_BC = (-4.183e-14, -8.966e-11, 3.737e-7, 1.977e-3, 1.749)
WARM_BC = (-7.197e-15, 2.859e-11, -6.647e-8, 6.731e-5, 6.000e-2)


@dataclass(frozen=True, eq=False)
class Stars:
    """Stars on their isochrones; arrays of one shape.

    Attributes
    ----------
    mass : solar masses.
    teff : K.
    logg : log10 of cm/s^2.
    absolute_g : absolute Gaia G magnitude.
    """

    mass: Floats
    teff: Floats
    logg: Floats
    absolute_g: Floats


def bolometric_correction(teff: Floats) -> Floats:
    """Bolometric correction in G, mag, of Andrae et al. (2018, table 4), constant outside 3300-8000 K."""
    difference = np.clip(teff, 3300.0, 8000.0) - TEFF_SUN
    return np.where(teff < 4000.0, np.polyval(COOL_BC, difference), np.polyval(WARM_BC, difference))


def _metals(fe_h: Floats) -> Floats:
    """[Fe/H] as far as it moves a track: the effect fades below -1."""
    return np.where(fe_h > -1.0, fe_h, -1.0 + 0.6 * (fe_h + 1.0))


def _main_sequence_gyr(mass: Floats, metals: Floats) -> Floats:
    return 10.0 * mass**-3.2 * 10 ** (0.20 * metals)


def _turnoff_mass(age: Floats, metals: Floats) -> Floats:
    return (10.0 * 10 ** (0.20 * metals) / age) ** (1 / 3.2)


def _shares(turnoff: Floats) -> tuple[Floats, Floats]:
    """Time as subgiant and on the giant branch in units of the main sequence: heavy stars hurry."""
    slow = 1 / (1 + np.exp((turnoff - 1.7) / 0.18))
    return 0.02 + 0.11 * slow, 0.01 + 0.055 * slow


def _masses(age: Floats, metals: Floats, phase: Floats) -> Floats:
    turnoff = _turnoff_mass(age, metals)
    subgiant, branch = _shares(turnoff)
    spent = 1 + subgiant * np.clip(phase - 1, 0, 1) + branch * np.clip(phase - 2, 0, 1)
    clump = np.minimum(CLUMP_GYR, 0.2 * age) * np.clip(phase - 3, 0, 1)
    evolved = _turnoff_mass((age - clump) / spent, metals)
    return np.where(phase < 1, LIGHTEST + (turnoff - LIGHTEST) * phase, evolved)


def _on_main_sequence(mass: Floats, metals: Floats, elapsed: Floats) -> tuple[Floats, Floats]:
    """Give log L and log T_eff when `elapsed` of the main sequence's time has passed."""
    log_l = np.interp(mass, ZERO_AGE_MASS, ZERO_AGE_LOG_L) - 0.28 * metals
    log_t = np.interp(mass, ZERO_AGE_MASS, np.log10(ZERO_AGE_TEFF)) - 0.065 * metals
    poor = np.clip(-metals, 0, None)
    turning = np.clip(0.09 * (mass - 1), 0, 0.15)
    warming = 0.045 * elapsed * (1 - elapsed) + 0.035 * poor * elapsed - turning * elapsed**2
    return log_l + 0.26 * elapsed + 0.12 * elapsed**2, log_t + warming


def _branch_log_teff(log_l: Floats, mass: Floats, metals: Floats) -> Floats:
    return 3.706 - 0.018 * log_l - 0.008 * log_l**2 - 0.024 * metals + 0.048 * np.log10(mass)


def _last_phase(progress: Floats, mass: Floats, metals: Floats) -> tuple[Floats, Floats]:
    """Give log L and log T_eff in the clump, then on the asymptotic giant branch."""
    rest = np.clip(progress / CLUMP_SHARE, 0, 1)
    climb = np.clip((progress - CLUMP_SHARE) / (1 - CLUMP_SHARE), 0, 1)
    young = np.clip(mass - 2.0, 0, 1)
    log_l = 1.70 + 0.11 * rest**2 - 0.05 * metals + 0.35 * young + 1.3 * climb**1.5
    clump_t = np.log10(4700.0) - 0.030 * metals + 0.03 * np.log10(mass) - 0.008 * (rest - 0.5)
    ascent = _branch_log_teff(log_l, mass, metals) + 0.008
    weight = np.clip(climb / 0.2, 0, 1)
    return log_l, clump_t * (1 - weight) + np.minimum(ascent, clump_t) * weight


def isochrone(age: Floats, fe_h: Floats, phase: Floats) -> Stars:
    """Stars of given age, [Fe/H] and phase of life.

    Parameters
    ----------
    age : Gyr, 0.05 to 14.
    fe_h : dex.
    phase : 0 to 4, see the module's text; all three of shapes that broadcast.

    Returns
    -------
    Stars of the common shape.
    """
    metals = _metals(fe_h)
    mass = _masses(age, metals, phase)
    elapsed = np.clip(age / _main_sequence_gyr(mass, metals), 0, 1)
    main_l, main_t = _on_main_sequence(mass, metals, elapsed)
    base_l = main_l + 0.12
    base_t = _branch_log_teff(base_l, mass, metals)
    crossing = np.clip(phase - 1, 0, 1)
    left = 1 - np.clip(phase - 2, 0, 1) * (1 - 10 ** (-BRANCH_CLIMB * np.clip(LOG_L_TIP - base_l, 0.3, None)))
    branch_l = base_l - np.log10(left) / BRANCH_CLIMB
    last_l, last_t = _last_phase(np.clip(phase - 3, 0, 1), mass, metals)
    which = np.clip(phase.astype(np.int64), 0, 3)
    log_l = np.choose(which, (main_l, main_l + 0.12 * crossing, branch_l, last_l))
    log_t = np.choose(
        which,
        (
            main_t,
            main_t + (base_t - main_t) * crossing**1.3,
            _branch_log_teff(branch_l, mass, metals),
            last_t,
        ),
    )
    teff = 10**log_t
    logg = LOGG_SUN + np.log10(mass) + 4 * np.log10(teff / TEFF_SUN) - log_l
    return Stars(mass, teff, logg, BOLOMETRIC_SUN - 2.5 * log_l - bolometric_correction(teff))


def microturbulence(teff: Floats, logg: Floats) -> Floats:
    """Microturbulent velocity, km/s: grows with T_eff in dwarfs and up the giant branch; ours."""
    warm = np.clip((teff - 5700.0) / 1000.0, -1.5, 2.0)
    return np.clip(
        1.08 + 0.22 * warm + 0.10 * warm * np.abs(warm) + 0.28 * np.clip(3.9 - logg, 0, 3.5), 0.6, 3.0
    )
