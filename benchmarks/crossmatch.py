"""How fast rows are matched: `python -m benchmarks.crossmatch [--rows N] [--others M]`.

Mock skies of a LAMOST-like and a Gaia-like table, in CPU seconds of one thread. Prints each figure as it is
measured and, as its last line, one JSON object.
"""

import argparse
import json
import time
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from data.crossmatch import Matches, match_identifiers, match_sky
from model.epoch import propagate

GAIA_EPOCH, LAMOST_EPOCH = 2015.5, 2013.5
SCATTER, MOTION = 0.1, 10.0
"""Of positions, arcsec, and of proper motions, mas/yr."""

Floats = NDArray[np.float64]


def main() -> None:
    """Measure everything and print it."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--rows", type=int, default=1_000_000)
    arguments.add_argument("--others", type=int, default=2_500_000)
    asked = arguments.parse_args()
    print(json.dumps(measure(asked.rows, asked.others)))


def measure(rows: int, others: int) -> dict[str, float]:
    """Rows matched per second: by place, by place at another epoch, by identifier."""
    random = np.random.default_rng(1)
    ra, dec = random.uniform(0, 360, others), np.degrees(np.arcsin(random.uniform(-0.2, 1, others)))
    pmra, pmdec = random.normal(0, MOTION, (2, others))
    bright, identifiers = random.uniform(8, 20, others), random.integers(1, 2**62, others)
    right = random.permutation(others)[:rows]

    def places() -> tuple[Floats, Floats]:
        return propagate(ra, dec, pmra, pmdec, GAIA_EPOCH, LAMOST_EPOCH)

    east, north = random.normal(0, 1000 * SCATTER, (2, rows))
    still = propagate(ra[right], dec[right], east, north, 0, 1)
    moved = propagate(*still, pmra[right], pmdec[right], GAIA_EPOCH, LAMOST_EPOCH)
    works = {
        "sky": lambda: match_sky(*still, ra, dec, prefer=bright),
        "moving": lambda: match_sky(*moved, *places(), prefer=bright),
        "identifiers": lambda: match_identifiers(identifiers[right], identifiers),
    }
    return {f"crossmatch_{name}_per_s": rate(name, work, right) for name, work in works.items()}


def rate(name: str, work: Callable[[], Matches], right: NDArray[np.int64]) -> float:
    """Rows per second of one match, which must have found the right rows, but for the crowded ones."""
    begun = time.process_time()
    found = work()
    spent = time.process_time() - begun
    share = float((found.row == right).mean())
    if share < 0.999:
        raise RuntimeError(f"{name}: only {share:.4%} of rows got the right one")
    print(f"{name:12} {right.size / spent:12,.0f} rows/s   {spent:7.1f} s   {found.report}", flush=True)
    return round(right.size / spent, 1)


if __name__ == "__main__":
    main()
