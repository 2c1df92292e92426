"""Names and numbers of mock stars: of the right kind, and unmistakably not those of real ones."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

FIRST_SOURCE = 9_000_000_000_000_000_001
"""Gaia's own end below 6.92e18 (HEALPix cell times 2^35); beyond 2^53 a float loses the last digits."""
FIRST_OBSID = 9_000_000_001
"""Far above LAMOST's own."""

_PATTERN = np.frombuffer(b"MOCK J000000.00+000000.0", dtype=np.uint8)


def source_ids(rows: Integers) -> Integers:
    """Source id of each row of the survey: distinct, above every real one."""
    return FIRST_SOURCE + rows


def obsids(rows: Integers) -> Integers:
    """Number of the spectrum of each row of the survey."""
    return FIRST_OBSID + rows


def designations(ra: Floats, dec: Floats) -> NDArray[np.bytes_]:
    """Designations in LAMOST's manner, position cut to 0.01 s and 0.1 arcsec, with MOCK before it.

    Parameters
    ----------
    ra, dec : degrees, ra in [0, 360).
    """
    text = np.tile(_PATTERN, (ra.size, 1))
    _write(text, (6, 7, 8, 9, 10, 11, 13, 14), np.floor(ra / 15 * 360_000).astype(np.int64))
    _write(text, (16, 17, 18, 19, 20, 21, 23), np.floor(np.abs(dec) * 36_000).astype(np.int64))
    text[:, 15] = np.where(dec < 0, ord("-"), ord("+"))
    designation: NDArray[np.bytes_] = text.reshape(-1).view(f"S{_PATTERN.size}")
    return designation


def _write(text: NDArray[np.uint8], places: tuple[int, ...], units: Integers) -> None:
    """Write numbers at `places` in base 60, the last digits as tenths or hundredths."""
    decimals = len(places) - 6
    bases = [10] * decimals + [10, 6, 10, 6, 10, 10]
    for place, base in zip(reversed(places), bases, strict=True):
        units, digit = np.divmod(units, base)
        text[:, place] += digit.astype(np.uint8)
