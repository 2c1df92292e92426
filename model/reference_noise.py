"""Labels of reference stars as a survey of high resolution like GALAH measures them: truth plus noise.

Sizes are those of GALAH DR2's internal precision (Buder et al. 2018, MNRAS 478, 4513, section 4), rounded;
those of [Eu/Fe] and of means are ours.
"""

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np
from numpy.typing import ArrayLike, NDArray

from model.streams import LABELS, stream

Floats = NDArray[np.float64]

TYPICAL: Mapping[str, float] = MappingProxyType(
    {
        "teff": 55.0, "logg": 0.15, "vmic": 0.10, "fe_h": 0.06, "o_fe": 0.08, "eu_fe": 0.09,
        "alpha_fe": 0.03, "mg_fe": 0.06, "si_fe": 0.04, "ca_fe": 0.06, "ti_fe": 0.05, "al_fe": 0.05,
        "sc_fe": 0.05, "mn_fe": 0.06, "s_fe": 0.07, "ba_fe": 0.09, "y_fe": 0.10,
    }
)  # fmt: skip
"""Label -> its typical error: K, dex, km/s."""
QUALITY = 0.25
"""Spread of the logarithm of errors from star to star: some are seen better than others."""


def reference_labels(
    stars: Mapping[str, ArrayLike], *, seed: int, number: ArrayLike
) -> tuple[dict[str, Floats], dict[str, Floats]]:
    """Measured labels and their errors.

    A star's depend on its own labels, seed and number only.

    Parameters
    ----------
    stars : true labels by name, (N,) each; those that TYPICAL lacks are not looked at.
    seed : of every random number, 0 or more.
    number : (N,), whole numbers that tell stars apart, 0 or more.

    Returns
    -------
    labels, errors : of those that were given; errors are the true scatter.

    Raises
    ------
    ValueError
        If a label has not one value for each star, or a number is negative.
    """
    numbers = np.asarray(number, dtype=np.int64)
    drawn = np.array([stream(seed, int(star), LABELS).standard_normal(1 + len(TYPICAL)) for star in numbers])
    drawn = drawn.reshape(numbers.size, 1 + len(TYPICAL))
    labels: dict[str, Floats] = {}
    errors: dict[str, Floats] = {}
    for column, (name, typical) in enumerate(TYPICAL.items(), start=1):
        if name in stars:
            true = np.asarray(stars[name], dtype=np.float64)
            if true.shape != numbers.shape:
                raise ValueError(
                    f"{name} has shape {true.shape}: expected one value for each of {numbers.size} stars"
                )
            errors[name] = typical * np.exp(QUALITY * drawn[:, 0])
            labels[name] = true + errors[name] * drawn[:, column]
    return labels, errors
