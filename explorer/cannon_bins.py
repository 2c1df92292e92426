"""How labels are recovered, and whether their published errors are right, versus S/N and T_eff."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from explorer.cannon_file import Trained, Validated
from model.errors import pulls
from model.spread import Spread, which_bin

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

BINS = 4


@dataclass(frozen=True, eq=False)
class Bins:
    """Cross-validated stars in B bins of another quantity, about as many in each.

    Attributes
    ----------
    by : the quantity.
    edges : (B + 1,).
    stars : number of stars, (B,).
    scatter : standard deviation of inferred - reference, (B, L).
    pull : the same in units of the published errors, (B, L): 1 where these are right.
    """

    by: str
    edges: Floats
    stars: Integers
    scatter: Floats
    pull: Floats


def bins_of(names: Sequence[str], trained: Trained, validated: Validated) -> Iterator[Bins]:
    """In bins of S/N, then of the reference T_eff if that is a label; none of a quantity all stars share."""
    residuals = validated.inferred - trained.labels
    errors = validated.errors.sigma(validated.formal)
    quantities = {"S/N": trained.snr}
    if "teff" in names:
        quantities["teff"] = trained.labels[:, names.index("teff")]
    for by, values in quantities.items():
        edges = np.unique(np.nanquantile(values, np.linspace(0, 1, BINS + 1)))
        if len(edges) < 2:
            continue
        inside = which_bin(values, edges)
        yield Bins(
            by=by,
            edges=edges,
            stars=np.bincount(inside[inside >= 0], minlength=len(edges) - 1),
            scatter=Spread.of(residuals, inside, len(edges) - 1).scatter,
            pull=pulls(residuals, errors, values, edges).scatter,
        )
