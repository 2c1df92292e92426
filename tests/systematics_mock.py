"""Giants of a magnitude-limited survey, with a cone and a gradient planted at will; the truth is known."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from model.systematics import Giants

Floats = NDArray[np.float64]
SIDE = 16
LOW, HIGH = np.array([5.0, -3.0]), np.array([11.0, 3.0])
"""Of the map in (R, z), kpc."""
GRADIENT = (-0.03, 0.02)
"""dex/kpc in R and z."""
SCATTER, PLATE_SCATTER = 0.12, 0.015


@dataclass(frozen=True)
class Planted:
    """What a mock holds.

    Attributes
    ----------
    giants : the stars.
    trend, gradient : (N,) parts of each star's label.
    """

    giants: Giants
    trend: Floats
    gradient: Floats


def drift(teff: Floats, logg: Floats) -> Floats:
    """A systematic error like that of [Ba/Fe]: of T_eff and log g, not of splines."""
    return -0.08 * np.tanh((teff - 4600) / 400) - 0.10 * (logg - 2.0) + 0.02 * np.sin(3 * logg)


def planted(seed: int, *, trend: bool, gradient: bool, stars: int = 24_000, plates: int = 400) -> Planted:
    """Make a mock: luminous giants are seen far away, faint ones near."""
    random = np.random.default_rng(seed)
    plate = np.arange(stars) % plates
    longitude = random.uniform(-np.pi, np.pi, plates)[plate]
    sine = random.uniform(-1, 1, plates)[plate]
    distance = 3.5 * np.cbrt(random.uniform(0.001, 1, stars))
    across = distance * np.sqrt(1 - sine**2)
    R = np.hypot(8 - across * np.cos(longitude), across * np.sin(longitude)) + 0.05 * random.normal(
        size=stars
    )
    z = distance * sine + 0.05 * random.normal(size=stars)
    modulus = 5 * np.log10(distance) + 10
    limit = random.uniform(13.2, 14.6, plates)[plate]
    brightest, faintest = np.maximum(-3.0, 10.0 - modulus), np.clip(limit - modulus, -2.9, 3.2)
    absolute = brightest + (faintest - brightest) * random.uniform(0, 1, stars)
    fe_h = -0.2 + 0.25 * random.normal(size=stars)
    logg = 1.9 + 0.52 * (absolute - 0.5) + 0.15 * random.normal(size=stars)
    teff = 4550 + 330 * (logg - 2) - 280 * fe_h + 80 * random.normal(size=stars)
    cell = np.floor((np.stack([R, z], axis=1) - LOW) / (HIGH - LOW) * SIDE).astype(np.int64)
    inside = ((cell >= 0) & (cell < SIDE)).all(axis=1)
    parts = [
        trend * drift(teff, logg),
        gradient * (GRADIENT[0] * (R - 8) + GRADIENT[1] * z),
    ]
    iron = 0.08 * fe_h - 0.15 * fe_h**2
    noise = SCATTER * random.normal(size=stars) + PLATE_SCATTER * random.normal(size=plates)[plate]
    label = sum(parts) + iron + noise
    edges = np.linspace(LOW, HIGH, SIDE + 1)
    middle = (edges[1:] + edges[:-1]) / 2
    up, over = np.divmod(np.arange(SIDE * SIDE), SIDE)
    giants = Giants(
        label=label[inside],
        pixel=(cell[:, 1] * SIDE + cell[:, 0])[inside],
        plate=plate[inside],
        teff=teff[inside],
        logg=logg[inside],
        fe_h=fe_h[inside],
        pixels=SIDE * SIDE,
        centres=np.stack([middle[over, 0], middle[up, 1]], axis=1),
    )
    return Planted(giants, parts[0][inside], parts[1][inside])
