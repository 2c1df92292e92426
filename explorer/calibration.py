"""A calibration of a catalogue's labels in T_eff, by stars that were born together (paper, section 7)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
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
from explorer.pair_source import PairSource
from model.born_together import BornTogether
from model.teff_correction import TeffCorrection, learn

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Progress = Callable[[int, int, str], None]
"""Told (done, in all, of what); it may raise to stop the work."""

CALIBRATOR = "calibrator"
"""Column that flags the stars which a correction was learned from."""
BESIDE = ("logg", "fe_h")
"""What else must be as in the stars that were learned from."""
INSIDE = (1.0, 99.0)
"""Percentiles of these between which a correction holds."""


@dataclass(frozen=True, eq=False)
class Calibration:
    """What was learned.

    Attributes
    ----------
    options : what was chosen.
    calibrators : the stars.
    corrections : by label.
    limits : of log g and [Fe/H], between which the corrections hold, as of the stars.
    refused : labels for which nothing could be learned, and why.
    """

    options: CalibrationOptions
    calibrators: Calibrators
    corrections: Mapping[str, TeffCorrection]
    limits: Mapping[str, tuple[float, float]]
    refused: Mapping[str, str]

    @property
    def useful(self) -> tuple[str, ...]:
        """Labels whose scatter falls in groups that were not learned from: others are left as they are."""
        return tuple(name for name, found in self.corrections.items() if found.scatter.falls)

    @property
    def used(self) -> Flags:
        """(N,) stars that a useful correction was learned from."""
        used = np.zeros(len(self.calibrators.group), np.bool_)
        for name in self.useful:
            used[self.corrections[name].stars.star] = True
        return used

    def holds(self, catalogue: Catalogue, rows: Any) -> Flags:
        """Which of some rows are of the kind, and have log g and [Fe/H], between the limits."""
        fits: Flags = of_kind(catalogue, self.options.kind)[rows]
        for name, (low, high) in self.limits.items():
            values = np.asarray(catalogue[name][rows])
            fits = fits & (values >= low) & (values <= high)
        return fits

    def corrected(self, catalogue: Catalogue, name: str, rows: Any) -> tuple[Floats, Floats]:
        """A label of some rows with its correction taken off, and its error: the stated one and that of f.

        Both are NaN where the correction does not hold; the error also where the catalogue states none.
        """
        found = self.corrections[name]
        teff = np.asarray(catalogue["teff"][rows], np.float64)
        teff = np.where(self.holds(catalogue, rows), teff, np.nan)
        value = np.asarray(catalogue[name][rows], np.float64) - found.course(teff)
        stated = f"e_{name}"
        own = np.asarray(catalogue[stated][rows], np.float64) if stated in catalogue else np.nan
        return value, np.hypot(own, _error_at(found, teff))


GRID = 200
"""Values of T_eff at which the error of f is found; it is smooth in between."""


def _error_at(found: TeffCorrection, teff: Floats) -> Floats:
    grid = np.linspace(found.course.support.low, found.course.support.high, GRID)
    error = np.interp(teff, grid, found.error(grid))
    return np.where(found.course.support.holds(teff), error, np.nan)


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
    known = calibrators(catalogue, chosen, options, pairs, members)
    rows = np.flatnonzero(known.group >= 0)
    teff = np.asarray(catalogue["teff"][rows], np.float64)
    corrections: dict[str, TeffCorrection] = {}
    refused: dict[str, str] = {}
    for name in labels:
        values = np.asarray(catalogue[name][rows], np.float64)
        stars = BornTogether.of(known.group[rows], teff, values)
        stars = BornTogether(rows[stars.star], stars.group, stars.teff, stars.label)
        random = np.random.default_rng([options.seed, *name.encode()])
        heard = _of(progress, catalogue.described[name].plain)
        try:
            found = learn(stars, random, anchor=options.anchor, draws=options.draws, progress=heard)
        except ValueError as problem:
            refused[name] = str(problem)
        else:
            corrections[name] = found
    if not corrections:
        why = next(iter(refused.values()))
        raise DataError(f"nothing can be learned: {why}; give more stars born together")
    used = np.unique(np.concatenate([found.stars.star for found in corrections.values()]))
    return Calibration(
        options, known, MappingProxyType(corrections), _limits(catalogue, used), MappingProxyType(refused)
    )


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


def _limits(catalogue: Catalogue, rows: NDArray[np.int64]) -> Mapping[str, tuple[float, float]]:
    limits = {}
    for name in BESIDE:
        low, high = np.nanpercentile(np.asarray(catalogue[name][rows], np.float64), INSIDE)
        limits[name] = float(low), float(high)
    return MappingProxyType(limits)


def _of(progress: Progress, what: str) -> Callable[[int, int], None]:
    return lambda done, total: progress(done, total, what)
