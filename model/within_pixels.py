"""Label = pixel + g([Fe/H]) + f(T_eff, log g) by least squares, f and g from contrasts within pixels alone.

Subtracting pixels' means takes their effects out and leaves the same f and g as one regression with a column
for each pixel (Frisch & Waugh 1933, Econometrica 1, 387; Lovell 1963, JASA 58, 993; "within" estimator of
Mundlak 1978, Econometrica 46, 69). Weighted least squares, not a robust fit: labels far off are for the
selection to leave out.

What noise adds to the variance between pixels is found from how much plates disagree, not stars, because
stars of a plate may share errors: with u_j the influence of plate j on the map (what its stars do to the
means of pixels, less what they do to f), noise is sum_j |u_j - mean of u_j over pixels|^2 / (pixels - 1)
(Liang & Zeger 1986, Biometrika 73, 13). What a plate's stars do to the mean of a pixel has the variance v_j
of Hartley, Rao & Kiefer (1969, JASA 64, 841), unbiased whatever those of the others; that takes pixels of
which no plate makes half. In a draw it counts as often, squared, as the plate was drawn.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from model.plate_sums import PlateSums

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

ALMOST_NOTHING = 1e-11
"""Eigenvalues below this share of the largest belong to sums of columns that no star tells."""


@dataclass(frozen=True, eq=False)
class Fit:
    """The fit, with plates taken so many times each.

    Attributes
    ----------
    weight : (P,) of each pixel.
    mean : (P, 1 + K) of label and columns; NaN where there is no weight.
    centre : (1 + K,) of the same over all stars.
    inverse : (K, K) of the products of columns, less pixels' means; of a singular one the Moore-Penrose's.
    coefficients : (K,) of the columns.
    kiel : how many columns are those of f.
    """

    weight: Floats
    mean: Floats
    centre: Floats
    inverse: Floats
    coefficients: Floats
    kiel: int

    @property
    def raw(self) -> Floats:
        """(P,) mean label."""
        return self.mean[:, 0]

    @property
    def corrected(self) -> Floats:
        """(P,) mean label less f, which is 0 on average over all stars."""
        return self.raw - self._part(slice(0, self.kiel))

    @property
    def of_iron(self) -> Floats:
        """(P,) what of the mean label is g, which is 0 on average over all stars."""
        return self._part(slice(self.kiel, None))

    def _part(self, which: slice) -> Floats:
        part: Floats = (self.mean - self.centre)[:, 1:][:, which] @ self.coefficients[which]
        return part


def fit(sums: PlateSums, kiel: int, times: Floats | None = None) -> Fit:
    """Fit within pixels.

    Parameters
    ----------
    sums : of the stars; their first `kiel` columns are those of f, the others those of g.
    kiel : how many.
    times : (J,) how often each plate is taken; once if None.
    """
    taken = np.ones(sums.plates) if times is None else times
    totals = sums.by_pixel(taken[sums.plate]) @ sums.sums
    weight = totals[:, 0]
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = totals[:, 1:] / weight[:, None]
    known = weight > 0
    between = (mean[known] * weight[known, None]).T @ mean[known]
    within = np.tensordot(taken, sums.products, 1) - between
    inverse = _inverse(within[1:, 1:])
    centre = totals[:, 1:].sum(axis=0) / weight.sum()
    return Fit(weight, mean, centre, inverse, inverse @ within[1:, 0], kiel)


def _inverse(products: Floats) -> Floats:
    """Inverse over the columns that stars tell, by eigenvalues after scaling to a diagonal of ones."""
    scale = np.sqrt(np.clip(products.diagonal(), 0, None))
    scale[scale <= ALMOST_NOTHING * scale.max(initial=0)] = np.inf
    values, vectors = np.linalg.eigh(products / np.outer(scale, scale))
    told = values > ALMOST_NOTHING * values.max(initial=0)
    part = vectors[:, told] / scale[:, None]
    inverse: Floats = (part / values[told]) @ part.T
    return inverse


@dataclass(frozen=True, eq=False)
class PlateErrors:
    """What is known of the errors of plates, from the fit in which each is taken once.

    Attributes
    ----------
    own : (2, E) residuals of each pair's stars from their pixel's mean, summed; of the raw labels, and of
        those less f.
    square : (2, E) variances of what they are estimates of.
    scores : (J, K) what each plate adds to the equations of the coefficients: columns times residuals.
    """

    own: Floats
    square: Floats
    scores: Floats


def plate_errors(sums: PlateSums, fitted: Fit, judged: Flags) -> PlateErrors:
    """Find errors of plates.

    Parameters
    ----------
    sums, fitted : of the stars, each plate once.
    judged : (P,) pixels in which they are wanted: no plate makes half of one.
    """
    share = shares(sums)
    mine = judged[sums.pixel]
    rest = np.where(mine, 1 - 2 * share, 1.0)
    residuals = np.stack([_residuals(sums, fitted, count) for count in (0, fitted.kiel)])
    own = np.where(mine, residuals, 0.0)
    square = np.stack([_unbiased(sums, each * each, share, rest) for each in own])
    return PlateErrors(own, square, _scores(sums, fitted))


def shares(sums: PlateSums) -> Floats:
    """What each pair of a pixel and a plate makes of the pixel, (E,)."""
    weight = sums.sums[:, 0]
    share: Floats = weight / np.bincount(sums.pixel, weight, sums.pixels)[sums.pixel]
    return share


def largest_share(sums: PlateSums) -> Floats:
    """Share of the plate that makes most of a pixel, (P,); 1 without stars."""
    largest = np.zeros(sums.pixels)
    np.maximum.at(largest, sums.pixel, shares(sums))
    return np.where(largest > 0, largest, 1.0)


def _residuals(sums: PlateSums, fitted: Fit, count: int) -> Floats:
    """Each pair's label, less the first `count` columns' part and the pixel's mean of that; (E,)."""
    coefficients = fitted.coefficients[:count]
    level = fitted.mean[:, 0] - fitted.mean[:, 1 : count + 1] @ coefficients
    label = sums.sums[:, 1] - sums.sums[:, 2 : count + 2] @ coefficients
    residuals: Floats = label - sums.sums[:, 0] * level[sums.pixel]
    return residuals


def _unbiased(sums: PlateSums, squares: Floats, share: Floats, rest: Floats) -> Floats:
    """Variances v of plates' parts in a pixel from squared residuals, (E,).

    The mean of a square is (1 - 2 s_j) v_j + s_j^2 sum(v) for shares s of independent plates, which is solved
    for v.
    """
    enlarged = np.bincount(sums.pixel, share * share / rest, sums.pixels)
    total = np.bincount(sums.pixel, squares / rest, sums.pixels) / (1 + enlarged)
    variance: Floats = (squares - share * share * total[sums.pixel]) / rest
    return variance


def _scores(sums: PlateSums, fitted: Fit) -> Floats:
    """Columns times residuals of each plate, (J, K), enlarged as Cameron & Miller (2015, JHR 50, 317) do."""
    direction = np.concatenate([[1.0], -fitted.coefficients])
    mean = np.where(fitted.weight[:, None] > 0, fitted.mean, 0.0)
    level = mean @ direction
    residual = sums.sums[:, 1:] @ direction - sums.sums[:, 0] * level[sums.pixel]
    taken = sums.sums[:, 2:] * level[sums.pixel, None] + mean[sums.pixel, 1:] * residual[:, None]
    scores: Floats = (sums.products @ direction)[:, 1:] - sums.by_plate(np.ones(len(taken))) @ taken
    scores *= np.sqrt(sums.plates / max(sums.plates - 1, 1))
    return scores


@dataclass(frozen=True, eq=False)
class Variances:
    """Variance between pixels, each counting the same, less noise; of the map as it is, and corrected.

    Attributes
    ----------
    raw, corrected : less noise, so that they can be below 0; NaN where no two pixels can be used.
    used : (P,) the pixels.
    """

    raw: float
    corrected: float
    used: Flags


def variances(
    sums: PlateSums, fitted: Fit, errors: PlateErrors, judged: Flags, times: Floats | None = None
) -> Variances:
    """Find variances between pixels.

    Parameters
    ----------
    sums : of the stars.
    fitted : the fit to them, with plates taken as often.
    errors : of the plates.
    judged : (P,) pixels that may be used; those without stars are not.
    times : as of `fit`.
    """
    taken = np.ones(sums.plates) if times is None else times
    used = judged & (fitted.weight > 0)
    pixels = int(used.sum())
    if pixels < 2:
        return Variances(np.nan, np.nan, used)
    factor = taken[sums.plate] * np.where(used, 1 / np.where(used, fitted.weight, 1.0), 0.0)[sums.pixel]
    columns = np.where(used[:, None], fitted.mean[:, 1 : fitted.kiel + 1], 0.0)
    columns -= used[:, None] * columns[used].mean(axis=0)
    moved = (taken[:, None] * errors.scores) @ fitted.inverse[:, : fitted.kiel]
    squares = errors.square @ (factor * factor)
    own = errors.own * factor
    found = []
    for number, values in enumerate((fitted.raw, fitted.corrected)):
        total = np.bincount(sums.plate, own[number], sums.plates)
        noise = squares[number] - total @ total / pixels
        if number:
            crossed = sums.by_plate(own[number]) @ columns[sums.pixel]
            noise += np.sum((moved @ (columns.T @ columns) - 2 * crossed) * moved)
        found.append(float(np.var(values[used], ddof=1) - noise / (pixels - 1)))
    return Variances(found[0], found[1], used)
