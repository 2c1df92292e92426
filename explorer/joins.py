"""Spectra of a survey joined to each other where they are of one star, and to the tables of other surveys."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from data.binary_tables import read_parquet
from data.crossmatch import match_identifiers
from data.matches import Matches
from data.schema import COLUMNS
from data.surveys import SurveyTable
from explorer.gaia import Gaia, astrometry_of, distances_of, extinction_of
from explorer.inputs import Notes, picked, read_input, taken
from explorer.sources import exposure
from explorer.survey import ALL, GIANTS, ModelPlan, Survey
from model.chemistry import is_giant
from model.reference import restored_snr

Arrays = Mapping[str, NDArray[Any]]
Integers = NDArray[np.int64]

OWN_LABELS = ("teff_lamost", "logg_lamost", "fe_h_lamost")
OF_LAMOST = (*OWN_LABELS, "e_rv")
"""What LAMOST's catalogue says of a spectrum beyond its header."""
ABSENT = {
    "lamost": "LAMOST's own labels and S/N are those of headers, or missing",
    "gaia": "source_id, proper motions, velocities and actions are missing",
    "distances": "distances, positions in the Galaxy, velocities and actions are missing",
    "photometry": "A_K and A_V are missing",
}
"""What a catalogue lacks without a table."""


def with_lamost(facts: Arrays, survey: Survey, notes: Notes) -> dict[str, NDArray[Any]]:
    """Facts of N spectra with what LAMOST's catalogue adds, and the number of each one's model.

    Parameters
    ----------
    facts : as a source gives them.
    survey : its models and its table "lamost", if any.
    notes : what is to be told of it is added.
    """
    joined: dict[str, NDArray[Any]] = dict(facts)
    joined |= {name: np.full(len(facts["obsid"]), np.nan) for name in OF_LAMOST}
    if "lamost" in survey.inputs:
        table = read_input(survey.inputs["lamost"], notes)
        found = _by_observation(facts, table)
        notes.append(f"LAMOST's catalogue: {found.report}")
        for name in OF_LAMOST:
            joined[name] = taken(table, name, found.row, notes)
        for name in ("snrz", "snrg"):
            joined[name] = restored_snr(taken(table, name, found.row, notes), facts[name])
        unnamed = joined["designation"] == b""
        joined["designation"] = np.where(
            unnamed, taken(table, "designation", found.row, notes), joined["designation"]
        )
        joined["obsid"] = np.where(
            facts["obsid"] < 0, taken(table, "obsid", found.row, notes), facts["obsid"]
        )
    joined["twice"] = first_of(joined["obsid"])
    joined["model"] = model_of(survey.models, joined["teff_lamost"], joined["logg_lamost"])
    return joined


def giantmodel_of(models: tuple[ModelPlan, ...], number: NDArray[np.int8]) -> NDArray[np.int8]:
    """Whether each spectrum's model is that of the giants; -1 where it has none, or one serves all stars."""
    names = [model.name for model in models]
    if names == [ALL]:
        return np.full(len(number), -1, np.int8)
    return np.where(number < 0, -1, number == names.index(GIANTS)).astype(np.int8)


def _by_observation(facts: Arrays, table: SurveyTable) -> Matches:
    """Match by obsid, and where a header has none by day, plate, spectrograph and fibre."""
    found = match_identifiers(facts["obsid"], table["obsid"])
    names = ("lmjd", "plate", "spid", "fiberid")
    unnumbered = np.flatnonzero(facts["obsid"] < 0)
    if not unnumbered.size or any(name not in table for name in names):
        return found
    there = np.flatnonzero(np.isin(table["lmjd"], facts["lmjd"][unnumbered]))  # few days of a large table
    if not there.size:
        return found
    rows = zip(*(table[name][there].tolist() for name in names), strict=True)
    exposures = np.array(
        [exposure(_day(day), plate.decode(), spid, fibre) for day, plate, spid, fibre in rows], "S"
    )
    other = match_identifiers(facts["exposure"][unnumbered], exposures)
    row, candidates = found.row.copy(), found.candidates.copy()
    row[unnumbered] = picked(there, other.row, -1)
    candidates[unnumbered] = other.candidates
    return Matches(row, found.separation, candidates)


def _day(lmjd: float) -> int:
    return int(lmjd) if np.isfinite(lmjd) else -1


def model_of(models: tuple[ModelPlan, ...], teff: NDArray[Any], logg: NDArray[Any]) -> NDArray[np.int8]:
    """Number of the model of each spectrum, by eq. 1 on LAMOST's own labels; -1 where these are missing."""
    names = [model.name for model in models]
    if names == [ALL]:
        return np.zeros(len(teff), np.int8)
    giants = names.index(GIANTS)
    number = np.where(is_giant(teff, logg), giants, 1 - giants)
    return np.where(np.isfinite(teff) & np.isfinite(logg), number, -1).astype(np.int8)


def first_of(obsid: Integers) -> Integers:
    """Row of the first spectrum of the same observation; -1 where that is this one, or not known."""
    _, first, number = np.unique(obsid, return_index=True, return_inverse=True)
    earlier = first[number]
    return np.where((obsid >= 0) & (earlier < np.arange(len(obsid))), earlier, -1)


def joined(facts: Arrays, survey: Survey) -> tuple[dict[str, NDArray[Any]], Notes, dict[str, str]]:
    """All that is known of N spectra before they are read, notes on how it was found, and facts of it.

    Raises
    ------
    DataError
        If a table can't be read or used.
    """
    notes: Notes = []
    spectra = with_lamost(facts, survey, notes)
    spectra["giantmodel"] = giantmodel_of(survey.models, spectra["model"])
    gaia = Gaia.near(spectra, survey, notes)
    spectra |= astrometry_of(gaia, len(spectra["ra"]), notes)
    spectra |= distances_of(gaia, len(spectra["ra"]), survey, notes)
    spectra |= extinction_of(gaia, spectra, survey, notes)
    spectra |= truth_of(spectra, survey)
    spectra["star"] = stars_of(spectra["designation"], spectra["source_id"])
    spectra["row"] = np.arange(len(spectra["star"]))
    for name, what in ABSENT.items():
        if name not in survey.inputs:
            notes.append(f"no {name} is given: {what}")
    return spectra, notes, {} if gaia is None else {"gaia_release": gaia.table.gaia_release}


def stars_of(designation: NDArray[np.bytes_], source_id: Integers) -> Integers:
    """Number of the star of each of N spectra, counted in the order in which stars first come.

    Spectra are of one star if they have one Gaia source, which may be that of their designation (see
    `by_name`), or else one designation; without either, each is a star of its own.
    """
    rows = np.char.add(b"row ", np.arange(len(source_id)).astype("S20"))
    names = np.where(designation == b"", rows, designation)
    names = np.where(source_id >= 0, np.char.add(b"Gaia ", source_id.astype("S20")), names)
    _, first, number = np.unique(names, return_index=True, return_inverse=True)
    rank = np.empty(len(first), np.int64)
    rank[np.argsort(first)] = np.arange(len(first))
    return rank[number]


def truth_of(spectra: Arrays, survey: Survey) -> dict[str, NDArray[Any]]:
    """What is true of each spectrum's star, in a mock survey; nothing otherwise."""
    if "truth" not in survey.inputs:
        return {}
    names = [name for name in COLUMNS if name.startswith("true_")]
    table = read_parquet(survey.inputs["truth"].table, ("obsid", *names))
    rows = match_identifiers(spectra["obsid"], table["obsid"]).row
    return {name: picked(table[name], rows, COLUMNS[name].missing) for name in names if name in table}
