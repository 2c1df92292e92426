"""Could a feature of a map be an artefact of T_eff and log g? Maps with these taken out, and a verdict.

The paper found that a cone of low [Ba/Fe] around the Sun was one: labels drift with T_eff and log g, and at
each distance a survey sees others (section 5.3). Stars of different T_eff and log g in one pixel show the
drift alone, so `model.within_pixels` learns f from them and takes it off; g([Fe/H]) stays in the map.

The verdict is on the variance between pixels less noise, corrected over raw, with the interval of a bootstrap
in which whole plates are drawn. What goes or stays by two thirds, with 95 % confidence, is told; what lies
between, or has no structure to speak of, is undecidable: nothing here proves that a feature is real.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from model.common_support import Support, common_support
from model.plate_bootstrap import Drawn, Progress, Range, draw_plates
from model.plate_sums import PlateSums
from model.splines import Basis
from model.within_pixels import fit, largest_share

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Flags = NDArray[np.bool_]

DRAWS = 200
REMAINS, GOES = 2 / 3, 1 / 3
"""Of the variance: at least so much has to remain, or at most so much, at both ends of the interval. A half
would do to say which is more; two to one leaves no doubt which of the two the map shows."""
CLEAR = 0.99
"""Share of draws in which the raw map must vary beyond noise."""
LEAST_PIXELS, LEAST_PLATES = 40, 20
"""For a verdict: of 60 mock maps of 29 pixels, with trend and gradient, 4 got one that is not sure."""
LARGEST_SHARE = 0.3
"""Most that one plate may make of a pixel that the verdict looks at."""

NOT_EXPLAINED = "not explained by T_eff and log g"
EXPLAINED = "largely explained by T_eff and log g"
UNDECIDABLE = "undecidable"
CONFOUNDED = (
    "Age stays confounded: at one place stars of other T_eff and log g may be of other ages, so that what is "
    "taken out may be more, or less, than errors of the label."
)


@dataclass(frozen=True, eq=False)
class Giants:
    """Stars of a map.

    Attributes
    ----------
    label : (N,) finite.
    pixel, plate : (N,) numbers from 0.
    teff, logg, fe_h : (N,) K and dex, finite.
    pixels : how many the map has.
    centres : (P, 2) of the pixels, in the units of the map.
    weight : (N,) above 0; all the same if None.
    """

    label: Floats
    pixel: Integers
    plate: Integers
    teff: Floats
    logg: Floats
    fe_h: Floats
    pixels: int
    centres: Floats
    weight: Floats | None = None

    def __post_init__(self) -> None:
        rows = {len(each) for each in (self.label, self.pixel, self.plate, self.teff, self.logg, self.fe_h)}
        rows |= set() if self.weight is None else {len(self.weight)}
        if len(rows) != 1 or self.centres.shape != (self.pixels, 2):
            raise ValueError(
                f"arrays of stars have lengths {sorted(rows)}, centres {self.centres.shape} for "
                f"{self.pixels} pixels: expected one length, and (pixels, 2)"
            )


@dataclass(frozen=True)
class Verdict:
    """What may be said of a map.

    Attributes
    ----------
    word : NOT_EXPLAINED, EXPLAINED or UNDECIDABLE.
    why : one clause.
    ratio : variance between pixels, less noise, corrected over raw.
    raw, corrected : those variances.
    pixels, plates, draws : that it stands on.
    """

    word: str
    why: str
    ratio: Range
    raw: Range
    corrected: Range
    pixels: int
    plates: int
    draws: int


@dataclass(frozen=True, eq=False)
class Control:
    """A map with T_eff and log g taken out.

    Attributes
    ----------
    support : which stars and pixels can be compared.
    stars : (P,) that the maps are means of.
    raw, corrected : (P,) mean label of the same stars, as it is and less f; NaN where blank.
    of_iron : (P,) what g([Fe/H]) makes of either.
    error, raw_error : (P,) standard deviations over the draws.
    judged : (P,) pixels that the verdict looks at.
    slope, raw_slope : along each axis of the map, by least squares over those pixels.
    verdict : what may be said.
    basis, coefficients, level : of f, as `surface` uses them.
    """

    support: Support
    stars: Integers
    raw: Floats
    corrected: Floats
    of_iron: Floats
    error: Floats
    raw_error: Floats
    judged: Flags
    slope: tuple[Range, Range]
    raw_slope: tuple[Range, Range]
    verdict: Verdict
    basis: Basis
    coefficients: Floats
    level: float

    def surface(self, teff: Floats, logg: Floats) -> Floats:
        """Give f at (M,) T_eff (K) and log g (dex); 0 on average over the stars of the maps."""
        values: Floats = self.basis.kiel_columns(teff, logg) @ self.coefficients - self.level
        return values


def control(
    giants: Giants, random: np.random.Generator, draws: int = DRAWS, progress: Progress | None = None
) -> Control:
    """Take T_eff and log g out of a map of giants.

    Parameters
    ----------
    giants : stars of the map.
    random : source of random numbers.
    draws : of the bootstrap.
    progress : told after each draw, and before the first now and then; it may raise to stop.

    Raises
    ------
    ValueError
        There are no two draws, no pixel can be compared with others, or a quantity is the same for all stars.
    """
    if draws < 2:
        raise ValueError(f"{draws} draws tell of no interval: ask for 2 or more")
    support = common_support(giants.pixel, giants.teff, giants.logg, giants.pixels)
    rows = np.flatnonzero(support.stars)
    if not len(rows):
        raise ValueError("no pixel has stars whose T_eff and log g other pixels have too")
    basis = Basis.of(giants.teff[rows], giants.logg[rows], giants.fe_h[rows])
    sums, middle = _summed(giants, rows, basis, lambda *_: progress(0, draws) if progress else None)
    fitted = fit(sums, basis.kiel)
    judged = largest_share(sums) <= LARGEST_SHARE
    drawn = draw_plates(sums, fitted, judged, giants.centres, random, draws, progress)
    centre = slice(1, basis.kiel + 1)
    return Control(
        support=support,
        stars=np.bincount(giants.pixel[rows], minlength=giants.pixels),
        raw=fitted.raw + middle,
        corrected=fitted.corrected + middle,
        of_iron=fitted.of_iron,
        error=drawn.error,
        raw_error=drawn.raw_error,
        judged=judged,
        slope=_ranges(drawn.slopes),
        raw_slope=_ranges(drawn.raw_slopes),
        verdict=judge(drawn, sums.plates),
        basis=basis,
        coefficients=fitted.coefficients[: basis.kiel],
        level=float(fitted.centre[centre] @ fitted.coefficients[: basis.kiel]),
    )


def _summed(giants: Giants, rows: Integers, basis: Basis, progress: Progress) -> tuple[PlateSums, float]:
    """Sums over some stars, their labels less the mean, and that."""
    label, teff, logg, fe_h = (each[rows] for each in (giants.label, giants.teff, giants.logg, giants.fe_h))
    weight = np.ones(len(rows)) if giants.weight is None else giants.weight[rows]
    middle = float(np.average(label, weights=weight))
    plates, plate = np.unique(giants.plate[rows], return_inverse=True)
    sums = PlateSums.over(
        (giants.pixel[rows], plate.reshape(-1)),
        (giants.pixels, len(plates)),
        label - middle,
        weight,
        lambda some: basis.columns(teff[some], logg[some], fe_h[some]),
        progress,
    )
    return sums, middle


def judge(drawn: Drawn, plates: int) -> Verdict:
    """Say what draws allow to be said.

    Parameters
    ----------
    drawn : variances of the map and of its draws.
    plates : that were drawn from.
    """
    raw, corrected = (Range.of(float(each[0]), each[1:]) for each in (drawn.raw, drawn.corrected))
    varies = drawn.raw > 0
    ratios = np.divide(drawn.corrected, drawn.raw, out=np.full(len(drawn.raw), np.nan), where=varies)
    ratio = Range.of(float(ratios[0]), ratios[1:])
    clear = bool(varies[0]) and float(np.mean(varies[1:])) >= CLEAR
    if drawn.used < LEAST_PIXELS or plates < LEAST_PLATES:
        word, why = UNDECIDABLE, f"{drawn.used} pixels of {plates} plates can be compared, which is too few"
    elif not clear:
        word, why = UNDECIDABLE, "the map varies no more than its noise"
    elif ratio.low >= REMAINS:
        word, why = NOT_EXPLAINED, "at least two thirds of its variance remain without them"
    elif ratio.high <= GOES:
        word, why = EXPLAINED, "at least two thirds of its variance go with them"
    elif ratio.low > GOES and ratio.high < REMAINS:
        word, why = (
            UNDECIDABLE,
            "they explain a part: between one third and two thirds of its variance remain",
        )
    else:
        word, why = UNDECIDABLE, "it isn't sure that two thirds of its variance remain without them, or go"
    return Verdict(word, why, ratio, raw, corrected, drawn.used, plates, len(drawn.raw) - 1)


def _ranges(slopes: Floats) -> tuple[Range, Range]:
    """Slopes along both axes, the observed ones first, as ranges."""
    one, other = (Range.of(float(each[0]), each[1:]) for each in slopes.T)
    return one, other
