"""The models of a survey: trained on its reference stars, cross-validated, and kept."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from data.problem import DataError
from explorer.cannon_file import CannonFile, Trained, Validated
from explorer.observing import normalised
from explorer.recipe import Recipe
from explorer.reference_stars import References
from explorer.sources import Source
from explorer.spectra import BATCH, chosen_pixels, pixels_of
from explorer.survey import ModelPlan
from model.cannon import Cannon
from model.validation import cross_validate

FOLDS, SEED = 12, 1
"""Of the cross-validation (paper, section 4)."""
TOLD = "told"
"""What a model's history calls the lines that tell how it came about."""
EVERY_TEFF = (0.0, 1e6)
"""Range of the label teff, K: the survey's own cuts decide."""

Arrays = Mapping[str, NDArray[Any]]
Spectra = NDArray[np.float32]


def trained(
    source: Source,
    plan: ModelPlan,
    chosen: References,
    spectra: Arrays,
    wavelengths: tuple[float, float],
) -> CannonFile:
    """A model of reference stars, validated; its history tells how it came about.

    Raises
    ------
    DataError
        If the stars are too few, or can't train a model; says what left others out.
    """
    wavelength = chosen_pixels(*wavelengths)
    rows, flux, ivar, snr = _read(source, chosen.rows, wavelength)
    used = np.isin(chosen.rows, rows)
    labels = chosen.labels[used]
    lost = f"{chosen.rows.size - rows.size} reference spectra can't be used"
    told = [*chosen.told, lost, f"trained on {rows.size} spectra"]
    given: dict[str, Any] = {"label_names": chosen.names, "wavelength": wavelength}
    try:
        model = Cannon.train(labels, flux, ivar, **given)
        groups = spectra["star"][rows]
        found = cross_validate(labels, flux, ivar, **given, folds=FOLDS, seed=SEED, groups=groups)
        validated = Validated.of(found)
    except ValueError as error:
        raise DataError(f"the {plan.name} model: {error} ({'; '.join(told)})") from error
    recovery = found.recovery()
    told += [
        f"{name}: bias {bias:.3g}, scatter {scatter:.3g}, r {r:.3f} in {FOLDS}-fold cross-validation"
        for name, bias, scatter, r in zip(
            chosen.names, recovery.bias[0], recovery.scatter[0], recovery.correlation[0], strict=True
        )
    ]
    stars = Trained(
        file=spectra["file"][rows],
        obsid=spectra["obsid"][rows],
        labels=labels,
        errors=np.full(labels.shape, np.nan),
        snr=snr,
    )
    recipe = Recipe(chosen.names, None, 0.0, EVERY_TEFF, wavelengths)
    return CannonFile(model, recipe, stars, validated, {TOLD: told, "folds": FOLDS, "seed": SEED})


def _read(
    source: Source, rows: NDArray[np.int64], wavelength: NDArray[np.float64]
) -> tuple[NDArray[np.int64], Spectra, Spectra, NDArray[np.float64]]:
    """Spectra of reference stars on a model's pixels, some of them lost."""
    pixels = pixels_of(wavelength)
    read = []
    for start in range(0, len(rows), BATCH):
        some = normalised(source, rows[start : start + BATCH].tolist())
        read.append((some.rows, some.flux[:, pixels], some.ivar[:, pixels], some.snr))
    kept, flux, ivar, snr = (np.concatenate(parts) for parts in zip(*read, strict=True))
    return kept, flux, ivar, snr
