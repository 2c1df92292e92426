"""By which frame and in which potential the explorer computes what a catalogue lacks."""

from dataclasses import dataclass
from typing import Literal

from model.kinematics import DEFAULT_FRAME, SolarFrame


@dataclass(frozen=True)
class Conventions:
    """As a command was given them.

    Attributes
    ----------
    frame : where the Sun is and how it moves.
    potential : its name.
    delta : focal length of the Staeckel fudge in units of the potential's R0, or one "per-star".
    """

    frame: SolarFrame = DEFAULT_FRAME
    potential: str = "MWPotential2014"
    delta: Literal["per-star"] | float = "per-star"


USUAL = Conventions()
