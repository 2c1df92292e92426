"""Spectra of a piece: read, normalised, labelled, or set aside with the reason."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from explorer.observations import Labeller
from explorer.reading import LeftOut, Resampled
from explorer.sources import Source
from explorer.spectra import BATCH, FEWEST
from model.continuum import Continuum
from model.wavelength import SURVEY_GRID

Arrays = dict[str, NDArray[Any]]
Integers = NDArray[np.int64]
Spectra = NDArray[np.float32]

KEPT = (
    "row", "star", "source_id", "designation", "obsid", "plate", "file", "lmjd", "ra", "dec", "rv", "e_rv",
    "snrg", "snrz", "teff_lamost", "logg_lamost", "fe_h_lamost",
)  # fmt: skip
"""What the table of observations repeats of what was known before."""
_CONTINUUM = Continuum(SURVEY_GRID)


@dataclass(frozen=True, eq=False)
class Normalised:
    """Spectra over their continuum, of K rows.

    Attributes
    ----------
    rows : (K,).
    flux, ivar : (K, P) on the survey's grid.
    snr : (K,), median signal-to-noise ratio of their pixels.
    left_out : the others, by row.
    """

    rows: Integers
    flux: Spectra
    ivar: Spectra
    snr: NDArray[np.float64]
    left_out: dict[int, LeftOut]


def normalised(source: Source, rows: Sequence[int]) -> Normalised:
    """Read spectra and divide them by their continuum."""
    read = dict(zip(rows, source.spectra(rows), strict=True))
    left_out = {row: one for row, one in read.items() if isinstance(one, LeftOut)}
    stars = {row: one for row, one in read.items() if isinstance(one, Resampled)}
    fluxes, ivars = (
        np.array([getattr(one, name) for one in stars.values()], np.float32).reshape(-1, SURVEY_GRID.size)
        for name in ("flux", "ivar")
    )
    flux, ivar, _ = _CONTINUUM.normalise(fluxes, ivars)
    pixels = np.count_nonzero(ivar, axis=1)
    enough = pixels >= FEWEST * SURVEY_GRID.size
    places = np.array(list(stars), np.int64)
    left_out |= {
        int(row): LeftOut(stars[row].about.file, "too few usable pixels", f"{count} of {SURVEY_GRID.size}")
        for row, count in zip(places[~enough], pixels[~enough], strict=True)
    }
    flux, ivar = flux[enough], ivar[enough]
    ratio = np.where(ivar > 0, flux * np.sqrt(ivar), np.nan)
    snr = np.nanmedian(ratio, axis=1).astype(np.float64) if len(ratio) else np.zeros(0)
    return Normalised(places[enough], flux, ivar, snr, left_out)


def observed(
    source: Source, labeller: Labeller, least_snr: float, rows: range, known: Arrays
) -> tuple[Arrays, Arrays]:
    """Labels of consecutive spectra.

    Parameters
    ----------
    source : of the spectra.
    labeller : the models.
    least_snr : median signal-to-noise ratio per pixel below which no labels are inferred.
    rows : of the spectra.
    known : what joins found of them, (N,) each; `model` is the number of the model, -1 for none.

    Returns
    -------
    The table of observations, and that of rejects with `reason` and `detail`.
    """
    rejected = _without_model(rows, known)
    wanted = [row for row in rows if row not in rejected]
    parts: list[Arrays] = [labeller.label(*_nothing())]
    found: list[Integers] = []
    snrs: list[NDArray[np.float64]] = []
    for start in range(0, len(wanted), BATCH):
        some = normalised(source, wanted[start : start + BATCH])
        bright = some.snr >= least_snr
        rejected |= some.left_out
        rejected |= {
            int(row): LeftOut("", f"S/N below {least_snr:g}", f"{snr:.3g}")
            for row, snr in zip(some.rows[~bright], some.snr[~bright], strict=True)
        }
        mine = some.rows[bright]
        parts.append(
            labeller.label(
                known["model"][mine - rows.start].astype(np.int64), some.flux[bright], some.ivar[bright]
            )
        )
        found.append(mine)
        snrs.append(some.snr[bright])
    places = np.concatenate([np.zeros(0, np.int64), *found])
    columns = _of(known, places - rows.start) | {"snr": np.concatenate([np.zeros(0), *snrs])}
    columns |= {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    return columns, _rejects(known, rows, rejected)


def _without_model(rows: range, known: Arrays) -> dict[int, LeftOut]:
    """Spectra known beforehand to have no labels."""
    rejected: dict[int, LeftOut] = {}
    facts = zip(
        rows, known["problem"].tolist(), known["twice"].tolist(), known["model"].tolist(), strict=True
    )
    for row, problem, twice, model in facts:
        if problem:
            rejected[row] = LeftOut("", "cannot be read", problem.decode())
        elif twice >= 0:
            rejected[row] = LeftOut("", "the same observation is there twice", f"as row {twice}")
        elif model < 0:
            rejected[row] = LeftOut("", "no model", "LAMOST gives no T_eff or log g to choose one by (eq. 1)")
    return rejected


def _nothing() -> tuple[Integers, Spectra, Spectra]:
    empty = np.zeros((0, SURVEY_GRID.size), np.float32)
    return np.zeros(0, np.int64), empty, empty


def _of(known: Arrays, places: Integers) -> Arrays:
    columns = {name: known[name][places] for name in KEPT}
    return columns | {"giantmodel": known["giantmodel"][places]}


def _rejects(known: Arrays, rows: range, rejected: dict[int, LeftOut]) -> Arrays:
    order = sorted(rejected)
    places = np.array(order, np.int64) - rows.start
    own = {name: known[name][places] for name in ("row", "file", "obsid", "designation", "snrz")}
    return own | {
        "reason": np.array([rejected[row].reason.encode() for row in order], "S"),
        "detail": np.array([rejected[row].detail.encode() for row in order], "S"),
    }
