"""Which stars serve as references to train on: the quality cuts of section 2.1, and what each removed."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Columns = Mapping[str, NDArray[np.generic]]

COLUMNS = ("snrz", "snr_c1", "chi2_cannon", "flag_cannon", "chi2_windows", "pixels_windows", "labels")
"""What `select` can look at."""

_SENTINEL = -999.0
"""Surveys write -9999 for a number that is missing."""


@dataclass(frozen=True)
class Cuts:
    """Cuts in the order in which they are made; None, or False for the labels, leaves one out.

    Attributes
    ----------
    snrz : least S/N in LAMOST's z band.
    snr_c1 : least S/N in GALAH's blue channel.
    chi2_cannon : greatest chi2 of GALAH's global fit. The paper cuts at 4, yet GALAH DR2's README calls the
        column a summed chi2, of which hardly a star would be left: where the report says so, give a limit
        that suits the column at hand.
    flag_cannon : bits of GALAH's flag that remove a star; -1 stands for all of them.
    window_percentile : in the windows of each element, of the stars left so far, the percentile of chi2
        beyond which a star is removed, in whichever element that is.
    labels : whether stars that lack a label are removed.
    snrz_cap : LAMOST's old releases cap S/N here: a star at it has at least that much, and passes any limit.
    strict : whether a star that lacks the quantity of a cut fails it. By default it passes, for LAMOST DR1
        has no snrz (-9999) for its best stars; the report counts them.

    Raises
    ------
    ValueError
        A limit is not finite, or the percentile not between 0 and 100.
    """

    snrz: float | None = 30.0
    snr_c1: float | None = 30.0
    chi2_cannon: float | None = 4.0
    flag_cannon: int | None = -1
    window_percentile: float | None = 85.0
    labels: bool = True
    snrz_cap: float | None = 99.0
    strict: bool = False

    def __post_init__(self) -> None:
        for name in ("snrz", "snr_c1", "chi2_cannon", "window_percentile", "snrz_cap"):
            limit = getattr(self, name)
            if limit is not None and not math.isfinite(limit):
                raise ValueError(f"{name} = {limit} is no limit: give a number, or None for no cut")
        if self.window_percentile is not None and not 0 <= self.window_percentile <= 100:
            raise ValueError(f"window_percentile = {self.window_percentile}: give 0 to 100, as 85")


@dataclass(frozen=True)
class Step:
    """What one cut did.

    Attributes
    ----------
    name, rule : the cut, and what it asks of a star.
    lacking : number of stars without the quantity.
    failed : number that fail it, whatever the other cuts say.
    alone : number that fail it and no other cut.
    left : number left after it and the cuts before it.
    """

    name: str
    rule: str
    lacking: int
    failed: int
    alone: int
    left: int


@dataclass(frozen=True, eq=False)
class Selection:
    """Stars that passed all cuts.

    Attributes
    ----------
    kept : whether a star did, (N,).
    steps : what each cut did, in order.
    window_limits : greatest chi2 (per pixel, where pixels were given) of each element, (E,); NaN where no
        star has one, empty without windows.
    """

    kept: Flags
    steps: tuple[Step, ...]
    window_limits: Floats


def select(cuts: Cuts, columns: Mapping[str, ArrayLike]) -> Selection:
    """Make the cuts and count.

    Parameters
    ----------
    cuts : limits.
    columns : some of `COLUMNS`, of N stars: snrz, snr_c1, chi2_cannon, flag_cannon, (N,); chi2_windows, chi2
        in the windows of each element, (N, E), NaN where there is none; pixels_windows, their number of
        pixels, (N, E), by which chi2 is then divided; labels, (N, L), NaN where missing, or (N,) of bool,
        whether all are there. What is missing altogether is lacking in every star. Numbers that are not
        finite, or below -999, are missing, and so are negative flags.

    Raises
    ------
    ValueError
        A column is unknown, lengths or shapes differ, or cuts are strict and a column is not there.
    """
    given = _checked(columns)
    stars = len(next(iter(given.values())))
    passed, limits = np.ones(stars, dtype=np.bool_), np.zeros(0)
    made = []
    for name, rule in _rules(cuts):
        if name not in given and cuts.strict:
            raise ValueError(f"strict cuts need {name}: give that column, or switch its cut off")
        if name == "chi2_windows" and name in given:
            limits = _window_limits(given, passed, cuts.window_percentile)
        failed, lacking = _judged(name, given, cuts, limits, stars)
        passed &= ~failed
        made.append((name, rule, failed, int(lacking.sum()), int(passed.sum())))
    count = np.sum([failed for _, _, failed, _, _ in made], axis=0, dtype=np.int64)
    steps = (
        Step(name, rule, lacking, int(failed.sum()), int(np.sum(failed & (count == 1))), left)
        for name, rule, failed, lacking, left in made
    )
    return Selection(passed, tuple(steps), limits)


def restored_snr(snr: ArrayLike, header: ArrayLike) -> Floats:
    """S/N of LAMOST's catalogue, with that of the spectra's headers where it is missing (-9999, or NaN).

    DR1's catalogue lacks it for the best stars, whose headers have 99. NaN where both are missing.
    """
    catalogue, spectrum = _numbers(np.asarray(snr)), _numbers(np.asarray(header))
    return np.where(np.isnan(catalogue), spectrum, catalogue)


def _checked(columns: Mapping[str, ArrayLike]) -> Columns:
    given: Columns = {name: np.asarray(values) for name, values in columns.items()}
    unknown = sorted(set(given) - set(COLUMNS))
    if unknown or not given:
        raise ValueError(f"no cut looks at {', '.join(unknown) or 'nothing'}: give {', '.join(COLUMNS)}")
    for name, values in given.items():
        deep = (2,) if "windows" in name else (1, 2) if name == "labels" else (1,)
        if values.ndim not in deep or len(values) != len(next(iter(given.values()))):
            shapes = ", ".join(f"{key} {array.shape}" for key, array in given.items())
            raise ValueError(f"{name} does not fit: the columns are {shapes}, and must be of the same stars")
    pixels, chi2 = given.get("pixels_windows"), given.get("chi2_windows")
    if pixels is not None and (chi2 is None or chi2.shape != pixels.shape):
        raise ValueError(f"pixels_windows are {pixels.shape}: give chi2_windows of the same shape")
    return given


def _rules(cuts: Cuts) -> Iterator[tuple[str, str]]:
    for name, limit, sign in (
        ("snrz", cuts.snrz, ">="),
        ("snr_c1", cuts.snr_c1, ">="),
        ("chi2_cannon", cuts.chi2_cannon, "<="),
    ):
        if limit is not None:
            yield name, f"{name} {sign} {limit:g}"
    if cuts.flag_cannon is not None:
        yield (
            "flag_cannon",
            "flag_cannon = 0" if cuts.flag_cannon == -1 else f"no bit of {cuts.flag_cannon} in flag_cannon",
        )
    if cuts.window_percentile is not None:
        yield "chi2_windows", f"chi2 of no element above percentile {cuts.window_percentile:g}"
    if cuts.labels:
        yield "labels", "every label present"


def _judged(name: str, given: Columns, cuts: Cuts, limits: Floats, stars: int) -> tuple[Flags, Flags]:
    """Whether stars fail a cut, and whether they lack its quantity."""
    if name not in given:
        return np.zeros(stars, dtype=np.bool_), np.ones(stars, dtype=np.bool_)
    if name == "labels":
        labels = given[name]
        gone = ~labels.astype(np.bool_) if labels.dtype == np.bool_ else np.isnan(_numbers(labels))
        lacking = gone if gone.ndim == 1 else np.any(gone, axis=1)
        return lacking, lacking
    failed, missing = _beyond(name, given, cuts, limits)
    return np.where(missing, cuts.strict, failed), missing


def _beyond(name: str, given: Columns, cuts: Cuts, limits: Floats) -> tuple[Flags, Flags]:
    if name == "chi2_windows":
        chi2 = _window_chi2(given)
        return np.any(chi2 > limits, axis=1), np.all(np.isnan(chi2), axis=1)
    x = _numbers(given[name])
    if name == "flag_cannon":
        known = x >= 0
        return np.bitwise_and(np.where(known, x, 0).astype(np.int64), cuts.flag_cannon or 0) > 0, ~known
    limit = getattr(cuts, name)
    if name == "chi2_cannon":
        return x > limit, np.isnan(x)
    capped = x == cuts.snrz_cap if name == "snrz" else np.zeros(x.shape, dtype=np.bool_)
    return (x < limit) & ~capped, np.isnan(x)


def _window_limits(given: Columns, passed: Flags, percentile: float | None) -> Floats:
    """Percentile of each element over the stars that passed; NaN where none has one."""
    elements = (chi2[~np.isnan(chi2)] for chi2 in _window_chi2(given)[passed].T)
    return np.array([np.percentile(some, percentile or 0) if some.size else np.nan for some in elements])


def _window_chi2(given: Columns) -> Floats:
    """chi2 in windows, per pixel where their number is known; NaN where there is none."""
    chi2 = _numbers(given["chi2_windows"])
    if "pixels_windows" not in given:
        return chi2
    pixels = _numbers(given["pixels_windows"])
    per_pixel: Floats = np.divide(chi2, pixels, out=np.full(chi2.shape, np.nan), where=pixels > 0)
    return per_pixel


def _numbers(values: NDArray[np.generic]) -> Floats:
    """Numbers, NaN where they are missing."""
    x = values.astype(np.float64)
    return np.where(np.isfinite(x) & (x > _SENTINEL), x, np.nan)
