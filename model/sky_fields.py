"""Fields on the sky, which stand for plates where a catalogue doesn't tell them."""

import numpy as np
from numpy.typing import NDArray

SIDE = 5.0
"""Of a field, degrees: a LAMOST plate's width."""


def sky_fields(ra: NDArray[np.float64], dec: NDArray[np.float64]) -> NDArray[np.int64]:
    """Number the fields that stars lie in, from 0 on: rows of declination, cut into about square pieces.

    Parameters
    ----------
    ra, dec : (N,) degrees, finite.
    """
    row = np.floor((dec + 90) / SIDE)
    pieces = np.maximum(np.round(360 * np.cos(np.radians((row + 0.5) * SIDE - 90)) / SIDE), 1)
    piece = np.floor(ra % 360 / 360 * pieces)
    return np.unique(row * 1000 + piece, return_inverse=True)[1].reshape(-1).astype(np.int64)
