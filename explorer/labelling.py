"""Labels of spectra by a trained model, some hundred spectra at a time."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from data.problem import DataError
from explorer.cannon_file import CannonFile
from explorer.elements import Elements
from explorer.frozen import Frozen
from explorer.reading import LeftOut
from explorer.results import Columns, inferred_columns
from explorer.spectra import Batch, Progress, SpectrumReader, find_spectra
from explorer.training import none_used
from model.cannon import Cannon
from model.inference import Inference

FEWEST_PIXELS = 10
"""Pixels that a part of the spectrum must have."""


@dataclass(frozen=True, eq=False)
class Choices:
    """Of an inference.

    Attributes
    ----------
    min_snr : median signal-to-noise ratio per pixel below which spectra are left out.
    starts : of each star's search.
    frozen : labels that are not inferred.
    wavelengths : range of the pixels used, A; None for all of the model's.
    windows : whether the fit near each element's lines is looked at.
    """

    min_snr: float
    starts: int
    frozen: Frozen
    wavelengths: tuple[float, float] | None
    windows: bool

    @property
    def as_validated(self) -> bool:
        """Whether what cross-validation found holds: it was of all labels and pixels."""
        return not self.frozen.names and self.wavelengths is None

    def pixels(self, model: Cannon) -> NDArray[np.bool_]:
        """Pixels (P,) of the model that count. Raises DataError if there are hardly any."""
        low, high = self.wavelengths or (-np.inf, np.inf)
        used: NDArray[np.bool_] = (
            (low <= model.wavelength) & (model.wavelength <= high) & np.isfinite(model.s)
        )
        if np.count_nonzero(used) < FEWEST_PIXELS:
            raise DataError(
                f"--wavelengths {low:g}:{high:g} holds {np.count_nonzero(used)} of the model's pixels: give "
                f"LOW:HIGH in A, within {model.wavelength[0]:.0f}:{model.wavelength[-1]:.0f}"
            )
        return used


@dataclass(frozen=True, eq=False)
class Inferred:
    """Labels of spectra.

    Attributes
    ----------
    columns : the result of each star.
    stars : number of stars.
    converged : how many of them have labels that are a minimum of chi2.
    left_out : the spectra that are not used.
    choices : how labels were inferred.
    wavelength : of the pixels used.
    elements : whose lines were looked at; None if nobody asked.
    """

    columns: Columns
    stars: int
    converged: int
    left_out: tuple[LeftOut, ...]
    choices: Choices
    wavelength: NDArray[np.float64]
    elements: Elements | None

    @property
    def facts(self) -> Mapping[str, str]:
        """What the table says of itself."""
        return {
            "frozen_labels": str(self.choices.frozen),
            "inferred_from": f"{self.wavelength[0]:.1f}:{self.wavelength[-1]:.1f} A",
            "inferred_pixels": str(len(self.wavelength)),
            "inferred_min_snr": f"{self.choices.min_snr:g}",
            "inferred_starts": str(self.choices.starts),
        }


def infer_labels(
    content: CannonFile, spectra: Path, choices: Choices, *, workers: int, progress: Progress
) -> Inferred:
    """Labels of spectra; what is kept of each is its row of the table.

    Raises
    ------
    DataError
        If there are no spectra, or none that can be used, or the choices leave hardly any pixel.
    """
    model = content.model
    used = choices.pixels(model)
    elements = Elements.on(model.wavelength[used]) if choices.windows else None
    reader = SpectrumReader(model.wavelength, workers, used)
    parts: list[Columns] = []
    left_out: list[LeftOut] = []
    converged = 0
    for whole in reader.batches(find_spectra(spectra), progress):
        batch, found = _inferred(model, _usable(whole, choices), choices, used)
        left_out += batch.left_out
        if found is None:
            continue
        converged += int(found.converged.sum())
        parts.append(_columns(content, batch, found, choices, used, elements))
    if not parts:
        raise none_used(f"{spectra} has no spectrum that can be used", left_out)
    columns = Columns.joined(parts)
    stars = len(columns.values["file"])
    return Inferred(columns, stars, converged, tuple(left_out), choices, model.wavelength[used], elements)


def _usable(whole: Batch, choices: Choices) -> Batch:
    """Those that are bright enough, and have values of the frozen labels."""
    return whole.without([choices.frozen.reason(one) for one in whole.about]).bright(choices.min_snr)


def _inferred(
    model: Cannon, batch: Batch, choices: Choices, used: NDArray[np.bool_]
) -> tuple[Batch, Inference | None]:
    """Labels of a batch without the stars that the model refuses; None if no star is left."""

    def infer(some: Batch) -> Inference:
        frozen = choices.frozen.values(some.about)
        return model.infer(some.flux, some.ivar, frozen=frozen, starts=choices.starts, pixels=used)

    def refused(star: int) -> str:
        try:
            infer(batch.where(np.arange(len(batch.about)) == star, lambda other: LeftOut("", str(other))))
        except ValueError as error:
            return str(error).removeprefix("star 0 ")
        return ""

    if not batch.about:
        return batch, None
    try:
        return batch, infer(batch)
    except ValueError:
        problems = [refused(star) for star in range(len(batch.about))]
    batch = batch.where(
        np.array([not problem for problem in problems], np.bool_),
        lambda star: LeftOut(batch.about[star].file, "the model can't use it", problems[star]),
    )
    return batch, infer(batch) if batch.about else None


def _columns(
    content: CannonFile,
    batch: Batch,
    found: Inference,
    choices: Choices,
    used: NDArray[np.bool_],
    elements: Elements | None,
) -> Columns:
    """Rows of a batch."""
    columns = inferred_columns(
        batch.about, batch.snr, found, content,
        frozen=choices.frozen.names, validated=content.validated if choices.as_validated else None,
    )  # fmt: skip
    if elements is not None:
        model = content.model
        predicted = model.predict(found.labels)[:, used]
        fit = elements.windows.fit(batch.flux[:, used], batch.ivar[:, used], predicted, model.s[used])
        columns.add_all(elements.columns(fit))
    return columns
