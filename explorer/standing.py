"""Where a star's number stands among those of others, in words: chi2 among all giants, say."""

from dataclasses import dataclass
from math import floor, isfinite
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

FEWEST = 20
"""Stars below which a share of them says little."""
_AT_ONCE = 4_000_000


@dataclass(frozen=True)
class Standing:
    """A number among others.

    Attributes
    ----------
    value : the star's.
    lower, higher : how many of the others are lower and higher.
    count : how many there are, the star itself among them if it is; those without a number do not count.
    """

    value: float
    lower: int
    higher: int
    count: int

    @classmethod
    def of(cls, value: float, values: ArrayLike, chosen: NDArray[np.bool_] | None = None) -> "Standing":
        """Find where a value stands.

        Parameters
        ----------
        value : the star's; compared in the precision of the others, so that it equals itself.
        values : (N,), of the population, NaN where there is none.
        chosen : (N,), True for those of the population; all if not given.

        Raises
        ------
        ValueError
            If shapes differ.
        """
        numbers: NDArray[Any] = np.asarray(values)
        if numbers.ndim != 1 or (chosen is not None and chosen.shape != numbers.shape):
            raise ValueError("values and chosen differ in shape, or are no rows: give one row of each")
        own = numbers.dtype.type(value)
        lower = higher = count = 0
        for start in range(0, numbers.size, _AT_ONCE):
            rows = slice(start, start + _AT_ONCE)
            some = numbers[rows] if chosen is None else numbers[rows][chosen[rows]]
            known = np.isfinite(some)
            lower += int(np.count_nonzero((some < own) & known))
            higher += int(np.count_nonzero((some > own) & known))
            count += int(np.count_nonzero(known))
        return cls(float(value), lower, higher, count)

    @property
    def percentile(self) -> float:
        """From 0 to 100, ties counted half; NaN where there is nothing to compare."""
        if not (self.count and isfinite(self.value)):
            return np.nan
        return 50.0 * (1 + (self.lower - self.higher) / self.count)

    @property
    def share(self) -> str:
        """Of how many of the others it is higher, in percent, rounded down."""
        return _share(100 * self.lower / self.count) if self.count else ""

    def words(self, stars: str = "stars") -> str:
        """Say it: "higher than 97 % of the giants"."""
        if not isfinite(self.value):
            return "there is no value to compare"
        if self.count < FEWEST:
            return f"only {self.count} of the {stars} have one: too few to compare"
        high = self.lower >= self.higher
        side, beaten, left = (
            ("higher", self.lower, self.higher) if high else ("lower", self.higher, self.lower)
        )
        if not beaten:
            return f"as that of all {self.count:,} {stars}"
        if not left:
            return f"the {'highest' if high else 'lowest'} of {self.count:,} {stars}"
        return f"{side} than {_share(100 * beaten / self.count)} % of the {stars}"


def _share(percent: float) -> str:
    """Rounded down, with a digit more near 100."""
    digits = 0 if percent < 99 else 1 if percent < 99.9 else 2
    return f"{floor(percent * 10**digits) / 10**digits:.{digits}f}"
