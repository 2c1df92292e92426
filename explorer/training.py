"""Stars with spectra and labels: what a model is trained on, and what is left out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from data.labels import LabelTable
from data.problem import DataError
from explorer.polynomial import terms_of
from explorer.reading import About, LeftOut
from explorer.recipe import Recipe
from explorer.spectra import Batch, Progress, SpectrumReader, chosen_pixels
from model.cannon import Cannon

SAME = 0.9999
"""Correlation beyond which one label is taken for a copy of another."""
_UNLISTED = "not in the label table"
FEWEST_STARS = 10
"""Stars from which a correlation is believed."""

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Stars:
    """Spectra with known labels.

    Attributes
    ----------
    about : of the N stars.
    labels, errors : (N, L), see `LabelTable`.
    flux, ivar : (N, P), normalised.
    snr : (N,).
    wavelength : (P,), A.
    names : of the L labels.
    left_out : the spectra that are not used.
    """

    about: tuple[About, ...]
    labels: Floats
    errors: Floats
    flux: NDArray[np.float32]
    ivar: NDArray[np.float32]
    snr: Floats
    wavelength: Floats
    names: tuple[str, ...]
    left_out: tuple[LeftOut, ...]

    @property
    def groups(self) -> NDArray[np.str_]:
        """What is the same for all spectra of a star: its designation, or else the file's name, (N,)."""
        return np.array([one.designation or one.file for one in self.about])


def gather(
    files: Sequence[Path], table: LabelTable, recipe: Recipe, *, workers: int, progress: Progress
) -> Stars:
    """Read the spectra that a model is to be trained on.

    Raises
    ------
    DataError
        If none is left, or the recipe does not fit the labels; says why.
    """
    wavelength = chosen_pixels(*recipe.wavelengths)
    terms_of(recipe.terms, table.names)
    recipe.acting(table.names, wavelength)
    reader = SpectrumReader(wavelength, workers)
    kept: list[Batch] = []
    used: list[int] = []
    left_out: list[LeftOut] = []
    for whole in reader.batches(files, progress):
        reasons = [_reason(table, one, recipe) for one in whole.about]
        batch = whole.without(reasons).bright(recipe.min_snr)
        used += [row for one in batch.about if (row := table.row(one.obsid, one.file)) is not None]
        left_out += batch.left_out
        kept.append(batch)
    stars = Stars(
        about=tuple(one for batch in kept for one in batch.about),
        labels=table.values[np.array(used, np.int64)],
        errors=table.errors[np.array(used, np.int64)],
        flux=np.concatenate([batch.flux for batch in kept]),
        ivar=np.concatenate([batch.ivar for batch in kept]),
        snr=np.concatenate([batch.snr for batch in kept]),
        wavelength=wavelength,
        names=table.names,
        left_out=tuple(left_out),
    )
    if not stars.about:
        raise none_used(f"no spectrum can be used with {table.path}", left_out)
    return stars


def train(stars: Stars, recipe: Recipe) -> Cannon:
    """A model of these stars. Raises DataError where they can't train one."""
    _refuse_copies(stars)
    try:
        return Cannon.train(stars.labels, stars.flux, stars.ivar, **training(stars, recipe))
    except ValueError as error:
        raise refusal(error, stars) from error


def _refuse_copies(stars: Stars) -> None:
    """No label may be a straight line of another: no spectrum could tell their effects apart."""
    for (one, first), (other, second) in combinations(zip(stars.names, stars.labels.T, strict=True), 2):
        both = ~np.isnan(first + second)
        if both.sum() < FEWEST_STARS or not (np.ptp(first[both]) and np.ptp(second[both])):
            continue
        if abs(np.corrcoef(first[both], second[both])[0, 1]) > SAME:
            raise DataError(
                f"labels {one} and {other} are one and the same (|r| > {SAME}), so nothing tells their "
                "effects apart: leave one of them out"
            )


def training(stars: Stars, recipe: Recipe) -> Mapping[str, Any]:
    """What `Cannon.train` and `cross_validate` take beside labels and spectra."""
    return {
        "label_names": stars.names,
        "wavelength": stars.wavelength,
        "terms": terms_of(recipe.terms, stars.names),
        "mask": recipe.acting(stars.names, stars.wavelength),
        "dof_correction": recipe.dof_correction,
        "label_errors": stars.errors if recipe.label_errors else None,
        "missing_labels": recipe.missing_labels,
    }


def refusal(error: ValueError, stars: Stars) -> DataError:
    """What a model says of stars it can't use, with what was left out."""
    without = f"; left out were {counted(stars.left_out)}" if stars.left_out else ""
    used = "1 spectrum is" if len(stars.about) == 1 else f"{len(stars.about)} spectra are"
    return DataError(f"{error} ({used} used{without})")


def none_used(what: str, left_out: Sequence[LeftOut]) -> DataError:
    """That nothing is left, with the reasons and an example."""
    example = next((f"; as {one.file}: {one.detail}" for one in left_out if one.detail), "")
    return DataError(f"{what} ({counted(left_out)}{example})")


def counted(left_out: Sequence[LeftOut]) -> str:
    """How many spectra are left out, by reason."""
    return ", ".join(f"{number}: {reason}" for reason, number in reasons_of(left_out).items())


def reasons_of(left_out: Sequence[LeftOut]) -> Mapping[str, int]:
    """Number of spectra for each reason, the most frequent first."""
    numbers: dict[str, int] = {}
    for one in left_out:
        numbers[one.reason] = numbers.get(one.reason, 0) + 1
    return dict(sorted(numbers.items(), key=lambda pair: -pair[1]))


def _reason(table: LabelTable, star: About, recipe: Recipe) -> str:
    """Why a star's labels are of no use; "" if they are."""
    row = table.row(star.obsid, star.file)
    if row is None:
        nameless = star.obsid < 0 and {key.lower() for key in table.keys} == {"obsid"}
        return "no obsid in its header, and the label table has no file names" if nameless else _UNLISTED
    values = table.values[row]
    if lacking := _lacking(values, table.errors[row], recipe):
        return lacking
    low, high = recipe.teff
    teff = values[table.names.index("teff")] if "teff" in table.names else np.nan
    if teff < low or teff > high:
        return f"teff outside {low:g}-{high:g} K"
    return ""


def _lacking(values: Floats, errors: Floats, recipe: Recipe) -> str:
    """What a star's labels lack to be of use; "" if nothing."""
    absent = np.isnan(values)
    if absent.any() and not recipe.missing_labels:
        return "a label is missing"
    if absent.all():
        return "all labels are missing"
    return "an error of a label is missing" if (np.isnan(errors) & ~absent).any() else ""
