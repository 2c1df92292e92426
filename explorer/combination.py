"""Observations of stars to rows of the catalogue: averaged, joined to other surveys, placed in the Galaxy."""

from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from data.derivation import plan
from data.schema import GALACTIC
from explorer.build_columns import described
from explorer.derive import asked
from explorer.gaia import ASTROMETRY, DISTANCES
from explorer.joins import OWN_LABELS
from explorer.observations import Labeller
from explorer.survey import ALL, GIANTS, Survey
from model.repeats import Repeats

Arrays = dict[str, NDArray[Any]]

WANTED = ("R", "phi", "z", "X", "Y", "vR", "vT", "vz", "JR", "Jphi", "Jz", "actions_failed", "energy")
"""Galactic columns that a catalogue always has."""
OF_STARS = ("source_id", *ASTROMETRY, *DISTANCES, "a_k", "a_v")
"""What joins say of a star, the same for all its spectra."""


def combined(survey: Survey, labeller: Labeller, observations: Arrays, known: Arrays) -> Arrays:
    """Rows of the catalogue.

    Parameters
    ----------
    survey : its models and conventions.
    labeller : the models.
    observations : of whole stars, (M,) each.
    known : what joins found of their spectra, (M,) each.

    Returns
    -------
    Columns of the S stars in the order of their numbers: Table 1, errors, quality and what belongs to them.
    """
    giants = _giants(survey, known["model"])
    repeats = Repeats.of(observations["star"], observations["row"], giants, observations["snrz"])
    best = _brightest(repeats, observations["snrz"])
    columns = {
        "star": repeats.star,
        "designation": observations["designation"][best],
        "obsid": observations["obsid"][best],
        "plate": observations["plate"][best],
        "giantmodel": observations["giantmodel"][best],
        **_averages(repeats, labeller, observations),
        "snrz": repeats.snrz,
        "snrg": repeats.mean(observations["snrg"]),
        "n_obs": repeats.n_obs,
        "n_used": repeats.n_used,
        **{name: observations[name][best] for name in ("ra", "dec", *OWN_LABELS)},
        "rv": repeats.mean(observations["rv"]),
        "e_rv": _error_of_rv(repeats, observations),
        **{name: known[name][best] for name in (*OF_STARS, *(n for n in known if n.startswith("true_")))},
    }
    return placed(columns, survey)


def placed(columns: Arrays, survey: Survey) -> Arrays:
    """Columns with positions, velocities and actions, from the numbers as they are stored."""
    stored = described(columns).values
    steps, _ = plan(asked(**asdict(survey.kinematics), orbits=False), stored)
    for step in steps:
        stored |= step.run(stored)
    stars = len(stored["star"])
    lacking = {
        column.name: column for column in GALACTIC if column.name in WANTED and column.name not in stored
    }
    return stored | {name: np.full(stars, column.missing, column.dtype) for name, column in lacking.items()}


def _giants(survey: Survey, model: NDArray[np.int8]) -> NDArray[np.int8]:
    """Which of two models each observation is by, as `Repeats` counts them."""
    names = [each.name for each in survey.models]
    if names == [ALL]:
        return np.zeros(len(model), np.int8)
    return np.asarray(model == names.index(GIANTS), np.int8)


def _averages(repeats: Repeats, labeller: Labeller, observations: Arrays) -> Arrays:
    """Labels with their errors, and what tells of the fit."""
    columns: Arrays = {}
    for name in labeller.labels:
        columns[name] = repeats.mean(observations[name])
        formal = observations[f"e_{name}_formal"]
        factor, floor = labeller.error_model(name)
        columns[f"e_{name}"] = repeats.error(observations[name], formal, factor, floor)
    for name in observations:
        if name.startswith("chi2") or name == "dof":
            columns[name] = repeats.mean(_numbers(observations[name]))
        elif name.endswith("_extrap"):
            columns[name] = repeats.any(observations[name])
    unsettled = repeats.any(np.where(observations["converged"] >= 0, 1 - observations["converged"], -1))
    return columns | {"converged": np.where(unsettled >= 0, 1 - unsettled, -1)}


def _numbers(values: NDArray[Any]) -> NDArray[np.float64]:
    """Values as floats, missing whole numbers NaN."""
    given = values.astype(np.float64)
    return np.where(given < 0, np.nan, given) if values.dtype.kind == "i" else given


def _error_of_rv(repeats: Repeats, observations: Arrays) -> NDArray[np.float64]:
    return repeats.error(observations["rv"], observations["e_rv"], np.ones(2), np.zeros(2))


def _brightest(repeats: Repeats, snrz: NDArray[Any]) -> NDArray[np.int64]:
    """Row of the best of each star's observations used; of equally good ones the first."""
    number = np.repeat(np.arange(len(repeats.star)), repeats.n_used)
    order = np.lexsort((np.arange(number.size), -np.nan_to_num(snrz[repeats.rows], nan=-np.inf), number))
    first = np.cumsum(repeats.n_used) - repeats.n_used
    return np.asarray(repeats.rows[order[first]], np.int64)
