"""The mock Galaxy: where its stars are, how old they are, where they were born and how they move.

Scale lengths, heights and local shares of the discs and the halo's shape are near those of Bland-Hawthorn &
Gerhard (2016, ARA&A 54, 529); birth radii and the thin disc's [Fe/H] take the form of Frankel et al. (2018,
ApJ 865, 96). What is not named is ours, chosen so that the paper's maps have something to show.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from model.potential import R_REFERENCE

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

THIN, THICK, HEATED, ACCRETED = "thin disc", "thick disc", "in-situ halo", "accreted halo"
POPULATIONS = (THIN, THICK, HEATED, ACCRETED)

FE_H_GRADIENT = -0.075
"""Of the gas in the thin disc, dex/kpc (Frankel et al. 2018)."""
FE_H_OLDEST, FE_H_SOLAR_RADIUS, FE_H_POWER, FE_H_START = -1.0, 8.7, 0.25, 12.0
FE_H_SCATTER = 0.05
MIGRATION = 2.2
"""Spread of thin-disc stars in radius after 8 Gyr, kpc; Frankel et al. find 3.6, which blurs the gradient."""
THIN_LENGTH = 2.8
"""Scale length of the disc in which thin-disc stars are born, kpc."""
TAPER, TAPER_WIDTH = 19.0, 1.5
"""Where the discs fade out, kpc."""


@dataclass(frozen=True)
class Disc:
    """A disc that falls exponentially outwards and upwards, whose height may grow outwards.

    Attributes
    ----------
    population : one of POPULATIONS.
    ages : youngest and oldest, Gyr; stars are spread evenly between.
    surface : surface density at R_REFERENCE in units of the whole thin disc's.
    length : scale length, kpc.
    height : exponential scale height at R_REFERENCE, kpc.
    flare : distance over which the height grows by e, kpc.
    """

    population: str
    ages: tuple[float, float]
    surface: float
    length: float
    height: float
    flare: float = np.inf

    def scale_height(self, R: Floats) -> Floats:
        """Exponential scale height at R, kpc."""
        height: Floats = self.height * np.exp((R - R_REFERENCE) / self.flare)
        return height

    def density(self, R: Floats, z: Floats) -> Floats:
        """Stars per kpc^3 in units of the thin disc's surface density at R_REFERENCE; R, z in kpc."""
        height = self.scale_height(R)
        column = (
            self.surface * np.exp(-(R - R_REFERENCE) / self.length) / (1 + np.exp((R - TAPER) / TAPER_WIDTH))
        )
        density: Floats = column / (2 * height) * np.exp(-np.abs(z) / height)
        return density


@dataclass(frozen=True)
class Halo:
    """A flattened, broken power law.

    Attributes
    ----------
    population, ages : as of a Disc.
    local : density at R_REFERENCE in the plane, in units of Disc.density.
    inner, outer : powers of the radius inside and outside the break.
    break_radius : kpc.
    flattening : axis ratio z to R.
    """

    population: str
    ages: tuple[float, float]
    local: float
    inner: float = -2.5
    outer: float = -3.7
    break_radius: float = 25.0
    flattening: float = 0.65

    def density(self, R: Floats, z: Floats) -> Floats:
        """As of a Disc."""
        radius = np.sqrt(R * R + (z / self.flattening) ** 2 + 0.25)
        power = np.where(radius < self.break_radius, self.inner, self.outer)
        density: Floats = (
            self.local
            * (self.break_radius / R_REFERENCE) ** self.inner
            * (radius / self.break_radius) ** power
        )
        return density


THIN_AGES = (0.1, 0.6, 1.5, 2.5, 4.0, 5.5, 7.5, 10.0)
STAR_FORMATION_GYR = 9.0
"""The thin disc's star formation falls by e in this time."""


def _thin_disc() -> tuple[Disc, ...]:
    edges = np.array(THIN_AGES)
    formed = np.diff(np.exp(edges / STAR_FORMATION_GYR))
    middle = (edges[1:] + edges[:-1]) / 2
    return tuple(
        Disc(
            THIN,
            (float(low), float(high)),
            surface=float(share),
            length=float(2.6 + 0.6 * np.exp(-age / 3)),
            height=float(0.05 + 0.10 * np.sqrt(age)),
            flare=float(8.0 + 0.4 * age),
        )
        for low, high, age, share in zip(edges[:-1], edges[1:], middle, formed / formed.sum(), strict=True)
    )


COMPONENTS: tuple[Disc | Halo, ...] = (
    *_thin_disc(),
    Disc(THICK, (8.0, 12.5), surface=0.14, length=2.2, height=0.90),
    Disc(HEATED, (9.0, 12.5), surface=0.018, length=2.8, height=1.8),
    Halo(ACCRETED, (10.0, 13.0), local=0.0024),
)
"""The thin disc by age, then one component for each other population."""

METALLICITY: Mapping[str, tuple[float, float]] = MappingProxyType(
    {THICK: (-0.55, 0.22), HEATED: (-0.75, 0.20), ACCRETED: (-1.30, 0.28)}
)
"""Mean and spread of [Fe/H] where it does not depend on the birth radius; ours."""

BIRTH: Mapping[str, tuple[float, float]] = MappingProxyType({THICK: (2.0, 2.0), HEATED: (2.0, 2.5)})
"""Scale length of the disc of birth and spread since then, kpc; ours."""


def populations(component: Integers) -> Integers:
    """Number in POPULATIONS of each component number."""
    return np.array([POPULATIONS.index(each.population) for each in COMPONENTS])[component]


def gas_metallicity(radius: Floats, age: Floats) -> Floats:
    """[Fe/H] of the thin disc's gas where and when a star is born (Frankel et al. 2018, their form).

    Parameters
    ----------
    radius : of birth, kpc.
    age : of the star, Gyr.
    """
    enriched = (1 - np.clip(age, 0, FE_H_START) / FE_H_START) ** FE_H_POWER
    top = -FE_H_OLDEST - FE_H_GRADIENT * FE_H_SOLAR_RADIUS
    return FE_H_OLDEST + top * enriched + FE_H_GRADIENT * radius


def birth_radius_of(fe_h: Floats, age: Floats) -> Floats:
    """Where the thin disc's gas had a given [Fe/H] at a star's birth, kpc: the inverse of gas_metallicity."""
    return (fe_h - gas_metallicity(np.zeros_like(age), age)) / FE_H_GRADIENT


def _migration(age: Floats) -> Floats:
    spread: Floats = MIGRATION * np.sqrt(age / 8.0)
    return spread


def _from_inside(R: Floats, length: Floats | float, spread: Floats) -> Floats:
    """Mean birth radius of stars now at R, kpc: Gaussian spread in a disc of rings R exp(-R/length)."""
    return R - spread**2 * np.clip(1 / length - 1 / np.maximum(R, 1.0), 0, None)


def birth(component: Integers, R: Floats, age: Floats, random: np.random.Generator) -> tuple[Floats, Floats]:
    """Birth radius and [Fe/H] of stars that are now at R.

    A star's radius has spread like a random walk since birth in an exponential disc, so that those at R
    come mostly from inside.

    Parameters
    ----------
    component : number in COMPONENTS.
    R : now, kpc.
    age : Gyr.
    random : source of random numbers.

    Returns
    -------
    birth radius, kpc (NaN for accreted stars), and [Fe/H], dex.
    """
    population = populations(component)
    length = np.full(R.shape, THIN_LENGTH)
    spread = _migration(age)
    for name, (own_length, own_spread) in BIRTH.items():
        here = population == POPULATIONS.index(name)
        length[here], spread[here] = own_length, own_spread
    radius = np.abs(_from_inside(R, length, spread) + spread * random.standard_normal(R.shape))
    noise = random.standard_normal(R.shape)
    fe_h = gas_metallicity(radius, age) + FE_H_SCATTER * noise
    for name, (mean, width) in METALLICITY.items():
        here = population == POPULATIONS.index(name)
        fe_h[here] = mean + width * noise[here]
    radius[population == POPULATIONS.index(ACCRETED)] = np.nan
    return radius, np.clip(fe_h, -2.6, 0.55)


def typical_metallicity(component: int, R: Floats) -> Floats:
    """Mean [Fe/H] of a component at R, dex: good enough to plan with."""
    chosen = COMPONENTS[component]
    if chosen.population != THIN:
        return np.full(R.shape, METALLICITY[chosen.population][0])
    age = np.full(R.shape, sum(chosen.ages) / 2)
    return gas_metallicity(_from_inside(R, THIN_LENGTH, _migration(age)), age)
