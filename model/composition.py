"""What mock stars are made of: every element's abundance, from the labels that are given for some."""

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from model.atoms import ELEMENTS

Floats = NDArray[np.float64]

ALPHA = ("mg", "si", "ca", "ti")
"""Elements whose mean is [alpha/Fe]."""
FOLLOWED: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "o": ("alpha",),
        "mg": ("alpha",),
        "y": ("s", "ba"),
        "ba": ("s", "y"),
        "sr": ("y",),
    }
)
"""Elements whose [X/Fe], where it is not given, is that of the first of these that is; others follow iron."""
MIXED_CARBON, MIXED_NITROGEN = -0.20, 0.35
"""[C/Fe] and [N/Fe] of giants, whose first dredge-up brings CN-processed gas up (Iben 1967, ApJ 147, 624)."""
MIXING_LOGG, MIXING_WIDTH = 3.4, 0.15
"""log g at which half of it is done, and how sharply."""


def composition(stars: Mapping[str, Floats], hidden: Mapping[str, Floats]) -> dict[str, Floats]:
    """[X/Fe] of every element, dex.

    Parameters
    ----------
    stars : logg, and [X/Fe] such as mg_fe of whichever elements; alpha_fe is the mean of Mg, Si, Ca and Ti,
        s_fe of Ba and Y. What is missing follows: of alpha_fe what magnesium leaves to the other three, and
        FOLLOWED.
    hidden : what is added to elements of which no label tells.
    """
    given = {name.removesuffix("_fe"): value for name, value in stars.items() if name.endswith("_fe")}
    if "alpha" in given:
        others = (4 * given["alpha"] - given["mg"]) / 3 if "mg" in given else given["alpha"]
        given = {**dict.fromkeys(ALPHA, others), **given}
    if "s" in given:
        given = {"y": 2 * given["s"] - given["ba"] if "ba" in given else given["s"], **given}
    told = {*given}
    mixed = 1 / (1 + np.exp((stars["logg"] - MIXING_LOGG) / MIXING_WIDTH))
    given = {"c": MIXED_CARBON * mixed, "n": MIXED_NITROGEN * mixed, **given}
    for name, leaders in FOLLOWED.items():
        leader = next((each for each in leaders if each in given), None)
        if name not in given and leader is not None:
            given[name] = given[leader]
    iron = np.zeros_like(stars["logg"])
    return {
        name: given.get(name, iron) + (0.0 if name in told else hidden.get(name, iron))
        for name in ELEMENTS
        if name != "h"
    }


def atoms_per_hydrogen(fe_h: Floats, x_fe: Mapping[str, Floats]) -> dict[str, Floats]:
    """Atoms of every element per hydrogen, from [Fe/H] and [X/Fe]."""
    counts: dict[str, Floats] = {
        name: 10 ** (ELEMENTS[name].abundance - 12 + fe_h + value) for name, value in x_fe.items()
    }
    return {"h": np.ones_like(fe_h), **counts}
