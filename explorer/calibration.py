"""A calibration of a catalogue's labels in T_eff, by stars that were born together (paper, section 7)."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from data.catalogue import Catalogue
from data.member_table import MemberTable
from data.problem import DataError
from explorer.abundance_scatter import CALIBRATED
from explorer.calibration_options import CalibrationOptions
from explorer.calibrators import Calibrators, calibrators, of_kind
from explorer.cluster_study import labels_of
from explorer.headway import Progress, told_of
from explorer.pair_source import PairSource
from model.born_together import BornTogether, TooFewError
from model.teff_correction import TeffCorrection, learn

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

CALIBRATOR = "calibrator"
"""Column that flags the stars which a correction was learned from."""
BESIDE = ("logg", "fe_h")
"""What else must be as in the stars that were learned from."""
INSIDE = (1.0, 99.0)
"""Percentiles of these between which a correction holds."""


Limits = Mapping[str, tuple[float, float]]


@dataclass(frozen=True, eq=False)
class Calibration:
    """What was learned.

    Attributes
    ----------
    options : what was chosen.
    calibrators : the stars.
    corrections : by label.
    limits : by label: of log g and [Fe/H], between which a correction holds, as of its stars.
    refused : labels for which nothing could be learned, and why.
    of_errors : part that errors of T_eff make of how T_eff differs within groups; NaN where none are stated.
    """

    options: CalibrationOptions
    calibrators: Calibrators
    corrections: Mapping[str, TeffCorrection]
    limits: Mapping[str, Limits]
    refused: Mapping[str, str]
    of_errors: float

    @property
    def useful(self) -> tuple[str, ...]:
        """Labels whose scatter falls in groups that were not learned from: others are left as they are."""
        return tuple(name for name, found in self.corrections.items() if found.scatter.falls)

    def used(self, catalogue: Catalogue) -> Flags:
        """(N,) stars that a useful correction was learned from, with all their rows."""
        used = np.zeros(len(catalogue), np.bool_)
        for name in self.useful:
            used[self.corrections[name].stars.star] = True
        if "source_id" in catalogue:
            ids = np.asarray(catalogue["source_id"])
            used |= np.isin(ids, ids[used & (ids > 0)])
        return used


@dataclass(frozen=True, eq=False)
class Corrected:
    """A label with its correction, made once for all rows of a catalogue.

    Attributes
    ----------
    catalogue, name : the label.
    found : its correction.
    limits : as of `Calibration`.
    kind : (N,) stars of the model.
    grid, error : T_eff, and the error of f there; it is smooth in between.
    """

    catalogue: Catalogue
    name: str
    found: TeffCorrection
    limits: Limits
    kind: Flags
    grid: Floats
    error: Floats

    @classmethod
    def of(cls, catalogue: Catalogue, calibration: Calibration, name: str) -> "Corrected":
        """Take it from a calibration."""
        found = calibration.corrections[name]
        grid = np.linspace(found.course.support.low, found.course.support.high, GRID)
        kind = of_kind(catalogue, calibration.options.kind)
        return cls(catalogue, name, found, calibration.limits[name], kind, grid, found.error(grid))

    def rows(self, part: Any) -> tuple[Floats, Floats]:
        """Label of some rows less its correction, and its error: the stated one and that of f.

        Both are NaN where the correction does not hold; the error also where the catalogue states none.
        """
        catalogue, stated = self.catalogue, f"e_{self.name}"
        fits = self.kind[part]
        for beside, (low, high) in self.limits.items():
            values = np.asarray(catalogue[beside][part])
            fits = fits & (values >= low) & (values <= high)
        teff = np.where(fits, np.asarray(catalogue["teff"][part], np.float64), np.nan)
        value = np.asarray(catalogue[self.name][part], np.float64) - self.found.course(teff)
        own = np.asarray(catalogue[stated][part], np.float64) if stated in catalogue else np.nan
        error = np.hypot(own, np.interp(teff, self.grid, self.error))
        return value, np.where(np.isfinite(value), error, np.nan)


GRID = 200
"""Values of T_eff at which the error of f is found."""
MOST_OF_ERRORS = 0.2
"""Largest part that errors of T_eff may make of how T_eff differs within groups."""


def calibrate(
    catalogue: Catalogue,
    chosen: Flags,
    options: CalibrationOptions,
    pairs: PairSource | None,
    members: MemberTable | None,
    progress: Progress,
) -> Calibration:
    """Learn a correction of each label.

    Parameters
    ----------
    catalogue : of the stars.
    chosen : (N,) stars that may be learned from.
    options : what is asked for.
    pairs, members : that were born together; see `calibrators`.
    progress : told how far it is.

    Raises
    ------
    DataError
        If the catalogue lacks a column, is calibrated already, or nothing can be learned of any label.
    """
    labels = calibrated_labels(catalogue, options.labels)
    known = calibrators(catalogue, chosen, options, pairs, members, progress)
    rows = np.flatnonzero(known.group >= 0)
    teff = np.asarray(catalogue["teff"][rows], np.float64)
    corrections: dict[str, TeffCorrection] = {}
    refused: dict[str, str] = {}
    for name in labels:
        values = np.asarray(catalogue[name][rows], np.float64)
        stars = BornTogether.of(known.group[rows], teff, values)
        stars = replace(stars, star=rows[stars.star])
        random = np.random.default_rng([options.seed, *name.encode()])
        heard = told_of(progress, catalogue.described[name].plain)
        try:
            found = learn(stars, random, anchor=options.anchor, draws=options.draws, progress=heard)
        except TooFewError as problem:
            refused[name] = str(problem)
        else:
            corrections[name] = found
    if not corrections:
        why = next(iter(refused.values()))
        raise DataError(f"nothing can be learned: {why}; give more stars born together")
    limits = {name: _limits(catalogue, found.stars.star) for name, found in corrections.items()}
    of_errors = _of_errors(catalogue, corrections)
    if of_errors > MOST_OF_ERRORS:
        raise DataError(
            f"errors of Teff make {of_errors:.0%} of how Teff differs within these clusters and binaries: "
            f"what labels and Teff err in together would pass for a trend. Up to {MOST_OF_ERRORS:.0%} do: "
            "give members of clusters, or binaries whose stars differ more"
        )
    return Calibration(
        options, known, MappingProxyType(corrections), MappingProxyType(limits), MappingProxyType(refused),
        of_errors,
    )  # fmt: skip


def _of_errors(catalogue: Catalogue, corrections: Mapping[str, TeffCorrection]) -> float:
    """Mean square error of T_eff over its mean square within groups, at the most of any label's stars."""
    if "e_teff" not in catalogue:
        return float("nan")
    shares = []
    for found in corrections.values():
        errors = np.asarray(catalogue["e_teff"][found.stars.star], np.float64)
        shares.append(np.nanmean(errors**2) / np.mean(found.stars.contrasts(found.stars.teff) ** 2))
    return min(float(max(shares)), 1.0)


def calibrated_labels(catalogue: Catalogue, asked: tuple[str, ...] = ()) -> tuple[str, ...]:
    """Labels that can be calibrated, or those of them that are asked for.

    Raises
    ------
    DataError
        If the catalogue lacks one, or T_eff, log g or [Fe/H], or is calibrated already.
    """
    done = [name for name in catalogue.columns if name.startswith(CALIBRATED) or name == CALIBRATOR]
    if done:
        raise DataError(
            f"{catalogue.source.name} is calibrated already ({', '.join(done[:3])}): calibrate the catalogue "
            "that it was made from"
        )
    lacking = [name for name in ("teff", *BESIDE) if name not in catalogue]
    known = labels_of(catalogue)
    if lacking or not known:
        what = ", ".join(lacking) or "abundances"
        raise DataError(f"{catalogue.source.name} has no {what}, which a calibration needs")
    unknown = [name for name in asked if name not in known]
    if unknown:
        raise DataError(f"'{unknown[0][:40]}' is no label to calibrate: choose among {', '.join(known)}")
    return asked or known


def _limits(catalogue: Catalogue, rows: NDArray[np.int64]) -> Limits:
    limits = {}
    for name in BESIDE:
        low, high = np.nanpercentile(np.asarray(catalogue[name][rows], np.float64), INSIDE)
        limits[name] = float(low), float(high)
    return MappingProxyType(limits)
