"""Random numbers of a star's own: the same whichever stars are computed with it, or before."""

import numpy as np

LABELS, SPECTRUM, ABUNDANCES = range(3)
"""What random numbers are for; others are independent."""


def stream(seed: int, star: int, purpose: int, epoch: int = 0) -> np.random.Generator:
    """A source of random numbers.

    It is Philox (Salmon et al. 2011, SC'11), whose numbers are a function of a key, here seed and star, and
    of a counter, which here starts at the purpose and epoch.

    Parameters
    ----------
    seed, star, epoch : 0 to 2^64 - 1.
    purpose : LABELS, SPECTRUM or ABUNDANCES.

    Raises
    ------
    ValueError
        If a number is negative.
    """
    if min(seed, star, epoch) < 0:
        raise ValueError(f"seed {seed}, star {star} and epoch {epoch}: expected numbers from 0 up")
    key = np.array([seed, star], np.uint64)
    counter = np.array([0, 0, epoch, purpose], np.uint64)
    return np.random.Generator(np.random.Philox(key=key, counter=counter))
