"""Giants and dwarfs: the split of the Kiel diagram that decides which model serves a star, and its labels."""

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np
from numpy.typing import ArrayLike, NDArray

_SHARED = ("teff", "logg", "vmic", "fe_h", "o_fe", "eu_fe")

LABEL_SETS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "dwarf": (*_SHARED, "alpha_fe", "sc_fe", "s_fe"),
        "giant": (*_SHARED, "mg_fe", "al_fe", "mn_fe", "ba_fe"),
    }
)
"""Labels of the paper's two models (section 2.2), in order: 9 and 10, which make 55 and 66 terms."""

FAMILIES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {"alpha": ("mg", "si", "ca", "ti"), "s": ("ba", "y")}
)
"""The paper's mean abundances, and the elements that each is the mean of."""


def kiel_split(teff: ArrayLike) -> NDArray[np.float64]:
    """Surface gravity (dex) of the line between giants and dwarfs, eq. 1 of the paper.

    Parameters
    ----------
    teff : effective temperature of LAMOST's own pipeline, K.

    Returns
    -------
    ndarray
        4.18 below 5200 K, 7.3 - 6e-4 teff from there on; NaN where teff is.
    """
    teff = np.asarray(teff, dtype=np.float64)
    # Whole numbers first: points that lie on the line in decimals then lie on it in binary too.
    return np.where(teff < 5200, 4.18, (73_000 - 6 * teff) / 10_000)


def is_giant(teff: ArrayLike, logg: ArrayLike) -> NDArray[np.bool_]:
    """Whether stars are giants: their surface gravity is below the line of eq. 1.

    A star on the line is a dwarf. False where a label is missing.

    Parameters
    ----------
    teff, logg : labels of LAMOST's own pipeline, K and dex. The line is rounded as `logg` is stored, so that
        single and double precision agree.
    """
    logg = np.asarray(logg)
    line = kiel_split(teff)
    giants: NDArray[np.bool_] = logg < (line.astype(logg.dtype) if logg.dtype.kind == "f" else line)
    return giants
