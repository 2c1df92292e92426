"""What a catalogue is to be built from: inputs, models and choices, as values."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from model.extinction import IRAC_COLOUR
from model.families import ERROR_FLOOR, LEAST_CORRELATION
from model.kinematics import SolarFrame
from model.reference import Cuts

ALL, DWARFS, GIANTS = "all", "dwarf", "giant"
"""Names of models: one for all stars, or two that eq. 1 divides them among."""
GOOD = (1,)
"""Bailer-Jones et al. (2018): result_flag 1 is a mode and its interval of highest density."""


@dataclass(frozen=True)
class Spectra:
    """Which spectra, and what of them.

    Attributes
    ----------
    place : folder, list or file, as `find_spectra` takes it; of a mock survey, the table of its stars.
    mock : whether they are to be synthesised.
    wavelengths : ends of the range of pixels used, A.
    snr : median signal-to-noise ratio per pixel below which no labels are inferred.
    """

    place: Path
    mock: bool = False
    wavelengths: tuple[float, float] = (3900.0, 8900.0)
    snr: float = 0.0


@dataclass(frozen=True)
class Input:
    """A table.

    Attributes
    ----------
    table : the file.
    survey : how its columns are called, a name of `data.surveys`.
    mapping : a TOML file that says it otherwise, or None.
    radius : within which stars are the same, arcsec.
    match : by place on the "sky", by Gaia "id", or by "spectrum": obsid or file.
    epoch : Julian year of LAMOST's positions, to which stars are moved; None to leave them where they are.
    gaia_release : what its source_id are of, where its kind does not say; "" otherwise.
    flags : result_flag of the distances that are taken; None for all.
    """

    table: Path
    survey: str
    mapping: Path | None
    radius: float
    match: str
    epoch: float | None
    gaia_release: str
    flags: tuple[int, ...] | None = GOOD


@dataclass(frozen=True)
class ModelPlan:
    """A model to be trained, or one to be used.

    Attributes
    ----------
    name : ALL, DWARFS or GIANTS.
    labels : to be trained; those of the file where there is one.
    file : a trained model, or None.
    """

    name: str
    labels: tuple[str, ...]
    file: Path | None


@dataclass(frozen=True)
class Kinematics:
    """Conventions of positions, velocities and actions, as on the command line."""

    r0: float = 8.0
    z_sun: float = 0.025
    potential: str = "MWPotential2014"
    delta: str = "per-star"

    def told(self) -> Mapping[str, Any]:
        """The choices and the Sun's motion, which there is no choice of."""
        frame = SolarFrame(R0=self.r0, z_sun=self.z_sun)
        return {**asdict(self), "v_sun": frame.velocity.tolist(), "frame": frame.name}


@dataclass(frozen=True)
class Chemistry:
    """Choices in what follows from the tables' numbers.

    Attributes
    ----------
    floor, least_correlation : of mean abundances, see `mean_abundance`.
    colour : intrinsic H - W2 of RJCE, see `rjce`.
    """

    floor: float = ERROR_FLOOR
    least_correlation: float = LEAST_CORRELATION
    colour: float = IRAC_COLOUR


@dataclass(frozen=True)
class Survey:
    """All that a catalogue is built from.

    Attributes
    ----------
    name : of the catalogue.
    path : the file that says so.
    spectra, models, chemistry, kinematics : see there.
    inputs : tables by what they give, a name of "lamost", "reference", "gaia", "distances", "photometry",
        "truth".
    cuts : of the reference stars.
    chunk : spectra of one piece of the work.
    """

    name: str
    path: Path
    spectra: Spectra
    models: tuple[ModelPlan, ...]
    inputs: Mapping[str, Input]
    cuts: Cuts
    chemistry: Chemistry
    kinematics: Kinematics
    chunk: int

    def told(self) -> Mapping[str, Any]:
        """The choices as JSON can hold them; files by their names, wherever they lie."""
        return {
            "name": self.name,
            "spectra": _plain(asdict(self.spectra)),
            "models": [_plain(asdict(model)) for model in self.models],
            "inputs": {name: _plain(asdict(given)) for name, given in self.inputs.items()},
            "cuts": _plain(asdict(self.cuts)),
            "chemistry": asdict(self.chemistry),
            "kinematics": self.kinematics.told(),
            "chunk": self.chunk,
        }


def _plain(held: Mapping[str, Any]) -> dict[str, Any]:
    """Values as JSON can hold them, files by name."""
    return {
        name: value.name if isinstance(value, Path) else list(value) if isinstance(value, tuple) else value
        for name, value in held.items()
    }
