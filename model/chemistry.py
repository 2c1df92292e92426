"""Which model a star's abundances come from: the split of the Kiel diagram into giants and dwarfs."""

import numpy as np
from numpy.typing import ArrayLike, NDArray


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
