"""Stars with spectra and labels: what a model is trained on, by which choices, and what is left out."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from data.labels import LabelTable
from data.problem import DataError
from explorer.spectra import About, Batch, LeftOut, Progress, SpectrumReader, chosen_pixels
from model.cannon import Cannon

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Recipe:
    """Choices that make a model of spectra and labels.

    Attributes
    ----------
    labels : as `read_labels` takes them.
    key : column of the label table that names spectra, or None.
    min_snr : median signal-to-noise ratio per pixel below which spectra are left out.
    teff : range of the label teff, K, outside which stars are left out; none where no label is so called.
    wavelengths : range of the pixels used, A.
    """

    labels: tuple[str, ...]
    key: str | None
    min_snr: float
    teff: tuple[float, float]
    wavelengths: tuple[float, float]

    def as_json(self) -> Mapping[str, Any]:
        """The choices, as JSON can hold them."""
        return asdict(self)

    @classmethod
    def from_json(cls, held: Mapping[str, Any]) -> "Recipe":
        """Take them back from JSON."""
        pair = {name: (float(held[name][0]), float(held[name][1])) for name in ("teff", "wavelengths")}
        return cls(tuple(map(str, held["labels"])), held["key"], float(held["min_snr"]), **pair)


@dataclass(frozen=True, eq=False)
class Stars:
    """Spectra with known labels.

    Attributes
    ----------
    about : of the N stars.
    labels : (N, L).
    flux, ivar : (N, P), normalised.
    snr : (N,).
    wavelength : (P,), A.
    names : of the L labels.
    left_out : the spectra that are not used.
    """

    about: tuple[About, ...]
    labels: Floats
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
        If none is left; says why.
    """
    wavelength = chosen_pixels(*recipe.wavelengths)
    reader = SpectrumReader(wavelength, workers)
    kept: list[Batch] = []
    labels: list[Floats] = []
    left_out: list[LeftOut] = []
    for whole in reader.batches(files, progress):
        rows = [table.row(one.obsid, one.file) for one in whole.about]
        reasons = [_reason(table, row, snr, recipe) for row, snr in zip(rows, whole.snr, strict=True)]
        batch = whole.where(np.array([not reason for reason in reasons], bool), _because(whole, reasons))
        chosen = [row for row, reason in zip(rows, reasons, strict=True) if not reason]
        labels.append(table.values[np.array(chosen, dtype=np.int64)])
        left_out += batch.left_out
        kept.append(batch)
    stars = Stars(
        about=tuple(one for batch in kept for one in batch.about),
        labels=np.concatenate(labels),
        flux=np.concatenate([batch.flux for batch in kept]),
        ivar=np.concatenate([batch.ivar for batch in kept]),
        snr=np.concatenate([batch.snr for batch in kept]),
        wavelength=wavelength,
        names=table.names,
        left_out=tuple(left_out),
    )
    if not stars.about:
        raise DataError(f"no spectrum can be used with {table.path} ({counted(left_out)})")
    return stars


def train(stars: Stars) -> Cannon:
    """A model of these stars. Raises DataError where they can't train one."""
    try:
        return Cannon.train(
            stars.labels, stars.flux, stars.ivar, label_names=stars.names, wavelength=stars.wavelength
        )
    except ValueError as error:
        raise refusal(error, stars) from error


def refusal(error: ValueError, stars: Stars) -> DataError:
    """What a model says of stars it can't use, with what was left out."""
    without = f"; left out were {counted(stars.left_out)}" if stars.left_out else ""
    return DataError(f"{error} ({len(stars.about)} spectra are used{without})")


def counted(left_out: Sequence[LeftOut]) -> str:
    """How many spectra are left out, by reason."""
    return ", ".join(f"{number}: {reason}" for reason, number in reasons_of(left_out).items())


def reasons_of(left_out: Sequence[LeftOut]) -> Mapping[str, int]:
    """Number of spectra for each reason, the most frequent first."""
    numbers: dict[str, int] = {}
    for one in left_out:
        numbers[one.reason] = numbers.get(one.reason, 0) + 1
    return dict(sorted(numbers.items(), key=lambda pair: -pair[1]))


def _because(batch: Batch, reasons: Sequence[str]) -> Any:
    return lambda star: LeftOut(batch.about[star].file, reasons[star])


def _reason(table: LabelTable, row: int | None, snr: float, recipe: Recipe) -> str:
    """Why a star is not used; "" if it is."""
    if row is None:
        return "not in the label table"
    values = table.values[row]
    if np.isnan(values).any():
        return "a label is missing"
    if not snr >= recipe.min_snr:
        return f"S/N below {recipe.min_snr:g}"
    low, high = recipe.teff
    if "teff" in table.names and not low <= values[table.names.index("teff")] <= high:
        return f"teff outside {low:g}-{high:g} K"
    return ""
