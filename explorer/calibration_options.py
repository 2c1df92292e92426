"""What a person may choose of a calibration, checked before anything is computed."""

import math
from dataclasses import dataclass

from data.problem import DataError
from explorer.binary_options import KINDS
from explorer.open_clusters import OPEN_CLUSTERS
from explorer.survey import DWARFS

SUN = 5772.0
"""T_eff of the Sun, K (IAU 2015 resolution B3): labels of stars like it stay."""


@dataclass(frozen=True)
class CalibrationOptions:
    """Choices, all within their bounds.

    Attributes
    ----------
    kind : which stars, a key of KINDS: those of one model.
    clusters : ready-made open clusters that are used, keys of OPEN_CLUSTERS.
    share : part of the wide binaries that are used; the others stay for eq. 6.
    anchor : T_eff at which nothing is corrected, K.
    labels : to calibrate; none for all there are.
    draws : of groups, for errors.
    seed : of all random numbers.
    """

    kind: str = DWARFS
    clusters: tuple[str, ...] = tuple(OPEN_CLUSTERS)
    share: float = 0.5
    anchor: float = SUN
    labels: tuple[str, ...] = ()
    draws: int = 200
    seed: int = 1

    def __post_init__(self) -> None:
        """Refuse, with a DataError, what is out of bounds."""
        if self.kind not in tuple(KINDS):
            raise DataError(f"'{str(self.kind)[:40]}' is no kind of stars: choose {', '.join(KINDS)}")
        unknown = [name for name in self.clusters if name not in OPEN_CLUSTERS]
        if unknown:
            raise DataError(
                f"'{unknown[0][:40]}' is not ready-made: choose among {', '.join(OPEN_CLUSTERS)}, or give a "
                "table of members"
            )
        for what, value, low, high in (
            ("the share of wide binaries that are used", self.share, 0.0, 1.0),
            ("the T_eff at which nothing is corrected, in K,", self.anchor, 2000.0, 20_000.0),
        ):
            if isinstance(value, bool) or not (math.isfinite(value) and low <= value <= high):
                raise DataError(f"{what} is {str(value)[:20]}: give a number from {low:g} to {high:g}")
        for what, whole, least, most in (
            ("the number of draws", self.draws, 50, 10_000),
            ("the seed", self.seed, 0, 2**32 - 1),
        ):
            if type(whole) is not int or not least <= whole <= most:
                raise DataError(
                    f"{what} is {str(whole)[:20]}: give a whole number from {least:,} to {most:,}"
                )
