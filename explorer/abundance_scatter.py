"""How well abundances are known, for eq. 6: scatter in cross-validation, or what stands in for it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from data.catalogue import Catalogue
from explorer.cannon_file import CannonFile
from explorer.star_models import StarModels
from explorer.survey import ALL
from model.validation import Recovery

TYPED = "as typed"
CALIBRATED = "cal_"
"""How names of calibrated labels begin."""
SAMPLE = 200_000
"""Most stars whose errors a median is taken of."""


@dataclass(frozen=True)
class Scatter:
    """Of one abundance.

    Attributes
    ----------
    dex : its size; NaN where nobody knows.
    origin : whose it is, in words.
    """

    dex: float
    origin: str


def is_abundance(name: str) -> bool:
    """Whether a column is an abundance relative to iron."""
    return name.endswith("_fe") and not name.startswith(("e_", "chi2_", "true_"))


def is_calibrated(name: str) -> bool:
    """Whether a column is a label whose course with T_eff was taken off."""
    return name.startswith(CALIBRATED)


def cross_validated(content: CannonFile) -> Mapping[str, float]:
    """Scatter of each label of a model about the reference labels; empty if it was not validated."""
    if content.validated is None:
        return {}
    true = content.trained.labels
    scatter = Recovery.of(true, content.validated.inferred, np.zeros(len(true), np.int64), 1).scatter[0]
    return dict(zip(content.model.label_names, scatter.tolist(), strict=True))


def scatters_of(
    catalogue: Catalogue,
    models: StarModels,
    kind: str,
    names: Sequence[str],
    rows: NDArray[np.int64],
    typed: Mapping[str, float],
) -> Mapping[str, Scatter]:
    """Of some abundances: what was typed, else of the model of these stars, else errors of the catalogue.

    Parameters
    ----------
    catalogue : has the errors, as columns e_x_fe.
    models : of the catalogue.
    kind : "dwarf", "giant" or "all": which model gave the stars their labels.
    names : of the abundances.
    rows : stars that may take part.
    typed : scatters by name, dex.
    """
    model = next((name for name in (kind, ALL) if name in models.names), None)
    known = cross_validated(models.get(model).content) if model is not None else {}
    few = rows[:: max(1, len(rows) // SAMPLE)]
    found: dict[str, Scatter] = {}
    for name in names:
        own = name.removeprefix(CALIBRATED)
        if name in typed:
            found[name] = Scatter(float(typed[name]), TYPED)
        elif np.isfinite(known.get(own, np.nan)) and known[own] > 0:
            before = ", before calibration" if is_calibrated(name) else ""
            found[name] = Scatter(known[own], f"cross-validation of the {model} model{before}")
        else:
            found[name] = _published(catalogue, f"e_{name}", few)
    return MappingProxyType(found)


def _published(catalogue: Catalogue, error: str, rows: NDArray[np.int64]) -> Scatter:
    if error in catalogue:
        values = np.asarray(catalogue[error][rows], np.float64)
        values = values[np.isfinite(values) & (values > 0)]
        if values.size:
            return Scatter(float(np.median(values)), "median published error; not cross-validated here")
    return Scatter(np.nan, "not known")
