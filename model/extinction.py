"""Extinction of stars from their colours: the Rayleigh-Jeans colour excess method (RJCE).

In H - 4.5 micron nearly all stars have one intrinsic colour, so an excess is dust (Majewski, Zasowski &
Nidever 2011, ApJ 739, 25).
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

A_K_PER_EXCESS = 0.918
"""A_K over the excess of H - 4.5 micron."""

IRAC_COLOUR = 0.08
"""Intrinsic H - [4.5 micron] of Majewski et al. (2011), which GALAH and the paper take for H - W2, mag."""

WISE_COLOUR = 0.05
"""The other published constant, for H - W2, mag."""


def rjce(
    h: ArrayLike, w2: ArrayLike, e_h: ArrayLike, e_w2: ArrayLike, *, colour: float = IRAC_COLOUR
) -> tuple[Floats, Floats]:
    """A_K = 0.918 (H - W2 - colour), no less than 0.

    Parameters
    ----------
    h, w2 : 2MASS H and ALLWISE W2, mag.
    e_h, e_w2 : their errors, mag.
    colour : intrinsic H - W2, mag.

    Returns
    -------
    A_K and its error, mag, NaN where what they rest on is missing. The error is that of the photometry,
    before A_K was cut at 0; how much intrinsic colours differ is not in it.
    """
    magnitudes = (np.asarray(values, dtype=np.float64) for values in (h, w2, e_h, e_w2))
    bright, long, e_bright, e_long = magnitudes
    a_k = np.maximum(A_K_PER_EXCESS * (bright - long - colour), 0.0)
    error = np.where(np.isnan(a_k), np.nan, A_K_PER_EXCESS * np.hypot(e_bright, e_long))
    return a_k, error
