"""Abundances of the mock Galaxy: how every label follows [Fe/H], age, population and place.

The sequences are ours. They follow what the paper's sections 5.3 and 5.4 describe and, in their rough
course, what high-resolution surveys find: alpha elements fall with [Fe/H] and are high in the thick disc,
manganese mirrors them, barium is high in young stars, and the accreted halo is poor in aluminium and rich in
europium.
"""

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from model.galaxy import ACCRETED, HEATED, POPULATIONS, THICK, THIN

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

KNOTS = np.array([-2.5, -1.5, -1.0, -0.6, -0.3, 0.0, 0.4])
"""[Fe/H] of the sequences' corners."""

SEQUENCES: Mapping[str, Mapping[str, tuple[float, ...]]] = MappingProxyType(
    {
        "o": {
            THIN: (0.45, 0.40, 0.35, 0.20, 0.10, 0.00, -0.10),
            THICK: (0.62, 0.58, 0.52, 0.42, 0.33, 0.20, 0.08),
            HEATED: (0.64, 0.60, 0.54, 0.45, 0.36, 0.24, 0.12),
            ACCRETED: (0.68, 0.60, 0.50, 0.38, 0.28, 0.18, 0.08),
        },
        "eu": {
            THIN: (0.30, 0.28, 0.25, 0.16, 0.08, 0.00, -0.08),
            THICK: (0.45, 0.42, 0.38, 0.31, 0.23, 0.13, 0.03),
            HEATED: (0.46, 0.43, 0.39, 0.33, 0.26, 0.16, 0.06),
            ACCRETED: (0.44, 0.50, 0.50, 0.44, 0.36, 0.26, 0.16),
        },
        "mg": {
            THIN: (0.25, 0.22, 0.20, 0.12, 0.06, 0.00, -0.03),
            THICK: (0.36, 0.34, 0.32, 0.26, 0.20, 0.12, 0.05),
            HEATED: (0.37, 0.35, 0.33, 0.28, 0.22, 0.14, 0.07),
            ACCRETED: (0.42, 0.36, 0.28, 0.18, 0.10, 0.05, 0.00),
        },
        "al": {
            THIN: (0.05, 0.08, 0.10, 0.08, 0.04, 0.00, 0.04),
            THICK: (-0.05, 0.10, 0.24, 0.30, 0.26, 0.16, 0.10),
            HEATED: (-0.10, 0.00, 0.14, 0.22, 0.20, 0.14, 0.10),
            ACCRETED: (-0.38, -0.30, -0.24, -0.20, -0.16, -0.12, -0.08),
        },
        "mn": {
            THIN: (-0.35, -0.30, -0.25, -0.14, -0.07, 0.00, 0.08),
            THICK: (-0.42, -0.38, -0.32, -0.22, -0.14, -0.05, 0.03),
            HEATED: (-0.43, -0.39, -0.33, -0.24, -0.16, -0.07, 0.01),
            ACCRETED: (-0.46, -0.42, -0.38, -0.33, -0.28, -0.22, -0.15),
        },
        "ba": {
            THIN: (-0.10, 0.00, 0.04, 0.06, 0.05, 0.02, -0.05),
            THICK: (-0.30, -0.18, -0.08, -0.06, -0.06, -0.06, -0.08),
            HEATED: (-0.32, -0.20, -0.11, -0.10, -0.10, -0.10, -0.12),
            ACCRETED: (-0.65, -0.40, -0.20, -0.14, -0.12, -0.10, -0.10),
        },
        "sc": {
            THIN: (0.10, 0.10, 0.08, 0.05, 0.03, 0.00, 0.02),
            THICK: (0.20, 0.20, 0.19, 0.16, 0.13, 0.08, 0.05),
            HEATED: (0.20, 0.20, 0.19, 0.17, 0.14, 0.09, 0.06),
            ACCRETED: (0.10, 0.06, 0.03, 0.00, -0.03, -0.05, -0.06),
        },
    }
)
"""[X/Fe] at KNOTS for each element and population, dex, at AGE_ZERO."""

AGE_ZERO = 4.5
AGE_SLOPES: Mapping[str, float] = MappingProxyType(
    {"o": 0.017, "eu": 0.010, "mg": 0.011, "al": 0.014, "mn": -0.004, "ba": -0.034, "sc": 0.008}
)
"""Change of the thin disc's [X/Fe] with age, dex/Gyr: as in solar twins (Bedell et al. 2018), roughly."""

SCATTER: Mapping[str, float] = MappingProxyType(
    {"o": 0.030, "eu": 0.035, "mg": 0.020, "al": 0.030, "mn": 0.020, "ba": 0.040, "sc": 0.025}
)
"""Spread of birth clouds about their sequence, dex."""
RICH_SCATTER: Mapping[str, float] = MappingProxyType({"eu": 0.05, "ba": 0.06})
"""What is added to SCATTER from [Fe/H] = -1 to 0: the paper sees eu and ba spread at high [Fe/H]."""

RIDGE_OFFSET: Mapping[str, float] = MappingProxyType({"o": -0.040, "mn": 0.030})
"""Offset of stars in the main (R, v_phi) ridge, dex."""
WAVE: Mapping[str, float] = MappingProxyType({"o": -0.036, "mn": 0.027})
"""Height of the waves that wind through the thin disc, dex."""
WAVE_CRESTS, WAVE_WINDING = 8, 2.5
"""Number of crests on a circle, and radians they turn while R grows by e."""
MIDPLANE: Mapping[str, float] = MappingProxyType({"o": 0.020, "ba": -0.025})
"""Difference of north from south near the plane, dex: the paper sees o and ba lie unevenly about it."""

OTHER_ALPHA, OTHER_S = 0.80, 0.75
"""Silicon, calcium and titanium follow magnesium, yttrium follows barium, at this part of its height."""


def _sequence(element: str, population: Integers, fe_h: Floats) -> Floats:
    values = np.array([SEQUENCES[element][name] for name in POPULATIONS])
    left = np.clip(np.searchsorted(KNOTS, fe_h, side="right") - 1, 0, KNOTS.size - 2)
    along = np.clip((fe_h - KNOTS[left]) / (KNOTS[left + 1] - KNOTS[left]), 0, 1)
    value: Floats = values[population, left] * (1 - along) + values[population, left + 1] * along
    return value


def abundances(
    population: Integers,
    fe_h: Floats,
    age: Floats,
    place: tuple[Floats, Floats, Floats],
    ridge: Floats,
    random: np.random.Generator,
) -> dict[str, Floats]:
    """Draw the abundances of stars.

    Parameters
    ----------
    population : number in galaxy.POPULATIONS.
    fe_h : dex.
    age : Gyr.
    place : R (kpc), phi (radians) and z (kpc).
    ridge : 0 to 1, how much a star belongs to the main ridge.
    random : source of random numbers.

    Returns
    -------
    [X/Fe] in dex of o, eu, alpha, sc, s, mg, al, mn, ba.
    """
    R, phi, z = place
    thin = population == POPULATIONS.index(THIN)
    wave = thin * np.cos(WAVE_CRESTS * (phi + WAVE_WINDING * np.log(R / 8.0))) * np.exp(-np.abs(z) / 0.6)
    side = np.tanh(z / 0.4) * np.exp(-np.abs(z) / 1.5)
    rich = np.clip(fe_h + 1.0, 0, 1)
    drawn: dict[str, Floats] = {}
    for element in SEQUENCES:
        spread = SCATTER[element] + RICH_SCATTER.get(element, 0.0) * rich
        drawn[element] = (
            _sequence(element, population, fe_h)
            + thin * AGE_SLOPES[element] * (age - AGE_ZERO)
            + RIDGE_OFFSET.get(element, 0.0) * ridge
            + WAVE.get(element, 0.0) * wave
            + MIDPLANE.get(element, 0.0) * side
            + spread * random.standard_normal(fe_h.shape)
        )
    noise = 0.015 * random.standard_normal((2, *fe_h.shape))
    alpha = drawn["mg"] * (1 + 3 * OTHER_ALPHA) / 4 + noise[0]
    s = drawn["ba"] * (1 + OTHER_S) / 2 + noise[1]
    return {**drawn, "alpha": alpha, "s": s}
