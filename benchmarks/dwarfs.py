"""Mock dwarfs for the benchmarks of the pipeline: prepared spectra, files, a model of the paper's size."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
from astropy.io import fits
from numpy.typing import NDArray

from explorer.cannon_file import save_model
from explorer.reading import About, LeftOut, Resampled, at_rest
from explorer.reference_stars import References
from explorer.sources import Facts
from explorer.survey import DWARFS, ModelPlan, Spectra
from explorer.survey_models import trained
from model.chemistry import LABEL_SETS
from model.synthesis import Spectra as Observed
from model.synthesis import Synthesis
from model.wavelength import redshift

TRAINING = 1190
"""Dwarfs that the paper trains on, with 9 labels."""
CARDS = 90
"""Further cards of a header, so that it is as long as LAMOST's."""

Arrays = dict[str, NDArray[Any]]


@dataclass(frozen=True, eq=False)
class InMemory:
    """Spectra that were prepared before: a source of the pipeline.

    Attributes
    ----------
    held : spectra by row.
    """

    held: Sequence[Resampled | LeftOut]

    def facts(self, start: int, stop: int) -> Facts:
        """Nothing: no benchmark asks."""
        return MappingProxyType({"row": np.arange(start, stop)})

    def spectra(self, rows: Sequence[int]) -> Iterator[Resampled | LeftOut]:
        """Those of some rows."""
        return (self.held[row] for row in rows)


def dwarfs(count: int, seed: int) -> Arrays:
    """Labels of dwarfs like the paper's, with S/N and velocity."""
    random = np.random.default_rng(seed)
    normal = random.standard_normal((9, count))
    teff, fe_h = 5700 + 450 * np.clip(normal[0], -2, 2), -0.2 + 0.25 * normal[1]
    alpha = 0.08 - 0.2 * fe_h + 0.06 * normal[2]
    return {
        "teff": teff,
        "logg": 4.55 - 0.00025 * (teff - 5000) + 0.08 * normal[3],
        "vmic": 1.05 + 0.0003 * (teff - 5500) + 0.05 * normal[4],
        "fe_h": fe_h,
        "o_fe": alpha + 0.08 * normal[5],
        "eu_fe": 0.5 * alpha + 0.1 * normal[6],
        "alpha_fe": alpha,
        "sc_fe": 0.3 * alpha + 0.06 * normal[7],
        "s_fe": 0.15 * normal[8],
        "snrz": random.uniform(40, 120, count),
        "rv": random.normal(0, 40, count),
    }


def observed(stars: Arrays, seed: int) -> Observed:
    """Their spectra."""
    return Synthesis().spectra(stars, seed=seed, number=np.arange(len(stars["teff"])))


def prepared(stars: Arrays, seed: int) -> InMemory:
    """Their spectra at rest on the survey's grid."""
    seen = observed(stars, seed)
    held = [
        at_rest(
            About(f"mock {star}", star, "", 0.0, 0.0, float(rv), 50.0), seen.wavelength, float(redshift(rv)),
            seen.flux[star], seen.ivar[star],
        )
        for star, rv in enumerate(stars["rv"])
    ]  # fmt: skip
    return InMemory(held)


def save_paper_model(path: Path) -> None:
    """Train the paper's model of dwarfs on all pixels, validate it, and keep it."""
    stars = dwarfs(TRAINING, 1)
    names = LABEL_SETS[DWARFS]
    rows = np.arange(TRAINING)
    chosen = References(rows, np.stack([stars[name] for name in names], axis=1), names, ())
    known = {"star": rows, "obsid": rows, "file": np.char.add(b"mock ", rows.astype("S8"))}
    plan = ModelPlan(DWARFS, names, None)
    content = trained(prepared(stars, 1), plan, chosen, known, Spectra(Path()).wavelengths)
    save_model(path, content)


def write_files(folder: Path, count: int, *, packed: bool) -> None:
    """Write spectra as files of the layout of DR5."""
    folder.mkdir()
    stars = dwarfs(count, 2)
    seen = observed(stars, 2)
    zeros = np.zeros(seen.wavelength.size)
    for star, rv in enumerate(stars["rv"]):
        header = fits.Header(
            {
                "OBSID": star + 1, "DESIG": f"LAMOST J{star:06}", "LMJD": 56_000, "PLANID": "MOCK", "SPID": 1,
                "FIBERID": star % 250, "COEFF0": np.log10(seen.wavelength[0]), "COEFF1": 1e-4, "VACUUM": True,
                "CLASS": "STAR", "Z": float(redshift(rv)), "RA": 10.0, "DEC": 20.0, "SNRG": 30.0,
                "SNRZ": 50.0, **{f"MORE{card:03}": card for card in range(CARDS)},
            }
        )  # fmt: skip
        image = np.stack([seen.flux[star], seen.ivar[star], seen.wavelength, zeros, zeros]).astype(">f4")
        fits.PrimaryHDU(image, header).writeto(folder / f"spec-{star:05}.fits{'.gz' * packed}")
