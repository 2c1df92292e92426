"""What Gaia says of each spectrum's star, and what follows by its identifiers: distances, photometry."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from data.crossmatch import match_gaia, match_sky
from data.matches import Matches
from data.problem import DataError
from data.surveys import SurveyTable
from explorer.inputs import Notes, picked, read_input, taken
from explorer.survey import Input, Survey
from model.dust import K_PER_V
from model.epoch import propagate
from model.extinction import rjce

Arrays = Mapping[str, NDArray[Any]]
Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

ASTROMETRY = (
    "g_mag", "parallax", "e_parallax", "pmra", "pmdec", "e_pmra", "e_pmdec", "pmra_pmdec_corr", "ruwe",
)  # fmt: skip
PLACE = ("gaia_ra", "gaia_dec", "gaia_epoch")
DISTANCES = ("distance", "distance_lo", "distance_hi")
FLAG = "result_flag"
PHOTOMETRY = ("h_mag", "w2_mag", "e_h_mag", "e_w2_mag")


@dataclass(frozen=True, eq=False)
class Gaia:
    """Sources of N spectra.

    Attributes
    ----------
    table : Gaia's.
    rows : row of each spectrum's source, -1 for none, (N,).
    moves : whether stars may be moved to the epochs of other tables.
    """

    table: SurveyTable
    rows: Integers
    moves: bool

    @classmethod
    def near(cls, spectra: Arrays, survey: Survey, notes: Notes) -> "Gaia | None":
        """The brightest source within the radius (section 2.2); None if Gaia's table is not given."""
        if "gaia" not in survey.inputs:
            return None
        given = survey.inputs["gaia"]
        table = read_input(given, notes)
        found = _brightest(spectra, table, given)
        notes.append(f"Gaia: {found.report}")
        rows = by_name(spectra["designation"], found.row)
        notes.append(
            f"Gaia: {np.count_nonzero(rows != found.row):,} spectra without a source near them have that of "
            "their designation"
        )
        return cls(table, rows, given.epoch is not None)

    def rows_of(self, other: SurveyTable) -> Integers:
        """Row of each spectrum's source in another table, by identifiers of one release; -1 for none."""
        there = match_gaia(self.table, other).row
        return np.where(self.rows >= 0, there[self.rows], -1)


def by_name(designation: NDArray[np.bytes_], source: Integers) -> Integers:
    """Sources of N spectra, with those of other spectra of one star, whose places differ between releases.

    Where a spectrum has none, and all those of its designation that have one have the same, it gets that.

    Parameters
    ----------
    designation : (N,) LAMOST's name of each spectrum's star; empty where not known.
    source : (N,) number of its source; -1 for none.
    """
    names, name = np.unique(designation, return_inverse=True)
    known = source >= 0
    least, most = np.full(len(names), np.iinfo(np.int64).max), np.full(len(names), -1)
    np.minimum.at(least, name[known], source[known])
    np.maximum.at(most, name[known], source[known])
    alone = (least == most) & (names != b"")
    return np.where(~known & alone[name], most[name], source)


def _brightest(spectra: Arrays, table: SurveyTable, given: Input) -> Matches:
    """Match by place, where each source was at the epoch of LAMOST's positions."""
    there = table["ra"], table["dec"]
    if given.epoch is not None and {"pmra", "pmdec"} <= set(table.columns):
        there = propagate(*there, table["pmra"], table["pmdec"], table.epoch, given.epoch)
    bright = table.columns.get("g_mag")
    return match_sky(spectra["ra"], spectra["dec"], *there, given.radius, prefer=bright)


def astrometry_of(gaia: Gaia | None, count: int, notes: Notes) -> dict[str, NDArray[Any]]:
    """Source and astrometry of each of N spectra, and what `places` needs."""
    if gaia is None:
        return {"source_id": np.full(count, -1), **_missing((*ASTROMETRY, *PLACE), count)}
    found = {name: taken(gaia.table, name, gaia.rows, notes) for name in ("source_id", *ASTROMETRY)}
    year = np.where(gaia.rows >= 0, gaia.table.epoch if gaia.moves else np.nan, np.nan)
    here = (picked(gaia.table[name], gaia.rows, np.nan) for name in ("ra", "dec"))
    return found | dict(zip(PLACE, (*here, year), strict=True))


def places(spectra: Arrays, year: float) -> tuple[Floats, Floats]:
    """Where each of N spectra's stars was: by Gaia, or else where LAMOST has it.

    Parameters
    ----------
    spectra : with `astrometry_of`.
    year : Julian year; NaN for not known, so that LAMOST's places are given.

    Returns
    -------
    ra, dec
        (N,) degrees.
    """
    ra, dec, epoch = (spectra[name] for name in PLACE)
    pmra, pmdec = spectra["pmra"], spectra["pmdec"]
    known = np.isfinite(ra + dec + epoch + pmra + pmdec + year)
    moved = propagate(ra, dec, pmra, pmdec, epoch, year)
    return np.where(known, moved[0], spectra["ra"]), np.where(known, moved[1], spectra["dec"])


def distances_of(gaia: Gaia | None, count: int, survey: Survey, notes: Notes) -> dict[str, NDArray[Any]]:
    """Distances of each of N spectra's stars, kpc."""
    if gaia is None or "distances" not in survey.inputs:
        return _missing(DISTANCES, count)
    table = read_input(survey.inputs["distances"], notes)
    rows = _good(table, gaia.rows_of(table), survey.inputs["distances"].flags, notes)
    notes.append(f"distances: {np.count_nonzero(rows >= 0):,} of {count:,} spectra have one")
    return {name: taken(table, name, rows, notes) for name in DISTANCES}


def _good(table: SurveyTable, rows: Integers, flags: tuple[int, ...] | None, notes: Notes) -> Integers:
    """Rows whose result_flag, of Bailer-Jones et al. (2018), is among those wanted; -1 for others."""
    if flags is None or FLAG not in table:
        if flags is not None and FLAG in table.absent:
            notes.append(f"{table.path.name} gives no {FLAG}: all its distances are taken")
        return rows
    good = np.isin(picked(table[FLAG], rows, -1), flags)
    left_out = np.count_nonzero((rows >= 0) & ~good)
    notes.append(
        f"distances: {left_out:,} spectra go without, for their {FLAG} is not among {list(flags)} (flags)"
    )
    return np.where(good, rows, -1)


def extinction_of(
    gaia: Gaia | None, spectra: Arrays, survey: Survey, notes: Notes
) -> dict[str, NDArray[Any]]:
    """A_K and A_V of each of N spectra's stars by RJCE, mag."""
    if "photometry" not in survey.inputs:
        return _missing(("a_k", "a_v"), len(spectra["ra"]))
    given = survey.inputs["photometry"]
    table = read_input(given, notes)
    if given.match == "sky":
        found = match_sky(*places(spectra, table.epoch), table["ra"], table["dec"], given.radius)
        rows = found.row
    elif gaia is None:
        raise DataError(
            f"{given.table} is to be matched by Gaia's id, and no [gaia] is given: add it, or match by sky"
        )
    else:
        rows = gaia.rows_of(table)
    notes.append(f"photometry: {np.count_nonzero(rows >= 0):,} of {len(rows):,} spectra have it")
    a_k, _ = rjce(*(taken(table, name, rows, notes) for name in PHOTOMETRY), colour=survey.chemistry.colour)
    return {"a_k": a_k, "a_v": a_k / K_PER_V}


def _missing(names: tuple[str, ...], count: int) -> dict[str, NDArray[Any]]:
    return {name: np.full(count, np.nan) for name in names}
