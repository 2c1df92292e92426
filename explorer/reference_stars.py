"""Reference stars of a survey: spectra with known labels that pass the cuts, and the models they train."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from data.crossmatch import match_sky
from data.labels import read_labels
from data.problem import DataError
from data.surveys import SurveyTable
from explorer.gaia import places
from explorer.inputs import Notes, picked, read_input
from explorer.joins import Arrays
from explorer.survey import Chemistry, Input, ModelPlan, Survey
from model.chemistry import FAMILIES
from model.families import mean_abundance
from model.reference import Cuts, Selection, select

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Flags = NDArray[np.bool_]


_NOTHING: Mapping[str, NDArray[Any]] = MappingProxyType({})


@dataclass(frozen=True, eq=False)
class References:
    """Reference spectra of one model.

    Attributes
    ----------
    rows : numbers of their spectra in the survey, (N,).
    labels : (N, L).
    names : of the L labels.
    told : what each cut did, a line each.
    """

    rows: Integers
    labels: Floats
    names: tuple[str, ...]
    told: tuple[str, ...]


def references(number: int, survey: Survey, spectra: Arrays) -> References:
    """Spectra that a model is to be trained on.

    Parameters
    ----------
    number : of the model in the survey.
    spectra : of the survey, as `joins.joined` gives them.

    Raises
    ------
    DataError
        If the reference table lacks a label, or no spectrum is left; says what each cut did.
    """
    plan, given = survey.models[number], survey.inputs["reference"]
    notes: Notes = []
    mine = spectra["model"] == number
    if given.match == "spectrum":
        values, columns = _of_spectra(plan, given, spectra), _NOTHING
    else:
        values, columns = _of_sky(plan, survey, spectra, mine, notes)
    candidates = np.flatnonzero(
        mine & np.isfinite(values).any(axis=1) & ~spectra["unreadable"] & (spectra["twice"] < 0)
    )
    if not candidates.size:
        raise DataError(
            f"{given.table} has labels for no spectrum of the model {plan.name}: see [spectra] place, and "
            "match and radius there"
        )
    columns = {name: held[candidates] for name, held in columns.items()}
    chosen = _selected(
        given, survey.cuts, {"snrz": spectra["snrz"][candidates], "labels": values[candidates], **columns}
    )
    first = all(earlier.file for earlier in survey.models[:number])  # the notes are the same for the next
    told = (*(notes if first else ()), *_told(plan, chosen, len(candidates)))
    rows = candidates[chosen.kept & np.isfinite(values[candidates]).all(axis=1)]
    if not rows.size:
        raise DataError(f"no reference star is left for the {plan.name} model: {'; '.join(told)}")
    return References(rows, values[rows], plan.labels, told)


def _of_spectra(plan: ModelPlan, given: Input, spectra: Arrays) -> Floats:
    """Labels (N, L) of spectra by their obsid or file."""
    table = read_labels(given.table, labels=plan.labels)
    found = zip(spectra["obsid"].tolist(), spectra["file"].tolist(), strict=True)
    rows = [table.row(obsid, file.decode()) for obsid, file in found]
    held = np.array([-1 if row is None else row for row in rows], np.int64)
    return np.where((held >= 0)[:, np.newaxis], table.values[held], np.nan)


def _of_sky(
    plan: ModelPlan, survey: Survey, spectra: Arrays, mine: Flags, notes: Notes
) -> tuple[Floats, Mapping[str, NDArray[Any]]]:
    """Labels (N, L) of spectra by place on the sky, and what the cuts look at."""
    given = survey.inputs["reference"]
    table = read_input(given, notes)
    found = match_sky(*places(spectra, table.epoch), table["ra"], table["dec"], given.radius)
    rows = np.where(mine, found.row, -1)
    judged = {name: picked(table[name], rows, np.nan) for name in ("snr_c1", "chi2_cannon") if name in table}
    if "flag_cannon" in table:
        judged["flag_cannon"] = picked(table["flag_cannon"], rows, -1)
    judged["snrz"] = spectra["snrz"]
    kept = _selected(given, replace(survey.cuts, labels=False), judged).kept & (rows >= 0)
    values = [_label(name, table, rows, kept, survey.chemistry) for name in plan.labels]
    return np.stack(values, axis=1), judged


def _selected(given: Input, cuts: Cuts, columns: Mapping[str, NDArray[Any]]) -> Selection:
    try:
        return select(cuts, columns)
    except ValueError as error:
        raise DataError(f"{given.table}: {error}, as in chi2_cannon = false") from error


def _label(name: str, table: SurveyTable, rows: Integers, kept: Flags, chemistry: Chemistry) -> Floats:
    """A label of each spectrum: of a family the mean of its elements, where the table has these."""
    family = FAMILIES.get(name.removesuffix("_fe"), ())
    elements = [f"{element}_fe" for element in family]
    if not family or any(element not in table for element in elements):
        if name not in table:
            raise DataError(
                f"{table.path} gives no {name}: leave that label out, or name its column in a mapping"
            )
        return picked(table[name], rows, np.nan)
    x, e = (
        np.stack([picked(table[f"{prefix}{element}"], rows, np.nan) for element in elements], axis=1)
        for prefix in ("", "e_")
    )
    try:
        made = mean_abundance(
            x, e, kept, floor=chemistry.floor, least_correlation=chemistry.least_correlation
        )
    except ValueError as error:
        raise DataError(f"{name} can't be had as the mean of {', '.join(elements)}: {error}") from error
    return made.value


def _told(plan: ModelPlan, chosen: Selection, candidates: int) -> tuple[str, ...]:
    begun = f"{plan.name}: {candidates:,} spectra with reference labels"
    cuts = (
        f"{step.rule}: {step.failed:,} fail ({step.alone:,} this alone), {step.lacking:,} lack it, "
        f"{step.left:,} left"
        for step in chosen.steps
    )
    return (begun, *cuts)
