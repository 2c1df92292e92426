"""A spectrum that a visitor brings: read off the event loop, and placed among the stars."""

import base64
import binascii
import logging
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import param

from data.lamost import LamostSpectrum, parse_spectrum
from data.parser import LARGEST as LARGEST_NUMBER
from data.problem import DataError
from data.spectra import Observation
from explorer.background import Background
from explorer.component import Component
from explorer.conventions import Conventions
from explorer.overtaking import Overtaken
from explorer.star_motion import actions_of
from model.kinematics import face_on, galactic, galactocentric
from model.wavelength import radial_velocity

LOG = logging.getLogger(__name__)
HERE = Path(__file__).parent

LARGEST = 4 << 20
"""Bytes of a file that is taken; LAMOST's have up to half of that, and a tenth when compressed."""
UNPACKED = 16 << 20
"""Bytes that it may have when it is unpacked."""
ORIGIN = "a file of yours"
FIELDS = ("distance", "pmra", "pmdec", "rv")
"""What a visitor types to have the star placed: kpc, mas/yr twice, km/s."""

Message = tuple[str, bytes] | Mapping[str, float]


class OwnSpectrumBox(Component):
    """The button, and the fields once a spectrum is open."""

    said = param.String(default="", doc="what came of it, as plain text")
    answers = param.Integer(default=0, doc="how often something was said: the same words may be said again")
    openings = param.Integer(default=0, doc="how many files were opened: the fields are for the last alone")
    wrong = param.Boolean(default=False)
    opened = param.Boolean(default=False)
    rv = param.Number(default=None, allow_None=True)
    largest = param.Integer(default=LARGEST)

    _esm = HERE / "own_spectrum.js"
    _stylesheets: ClassVar[list[str]] = [(HERE / "own_spectrum.css").read_text()]

    def __init__(self, on_message: Callable[[Message], None]) -> None:
        super().__init__(margin=0, sizing_mode="stretch_width")
        self._on_message = on_message

    def _handle_msg(self, data: Any) -> None:
        try:
            message = read(data)
        except DataError as problem:
            LOG.warning("dropped what a browser sent: %s", problem)
            self.say(str(problem), wrong=True)
            return
        self._on_message(message)

    def say(self, words: str, *, wrong: bool = False, **news: Any) -> None:
        """Answer, in words."""
        self.tell(said=words, wrong=wrong, answers=self.answers + 1, **news)


def read(data: Any) -> Message:
    """What a browser sends; DataError where that is nothing of ours, or too large."""
    match data:
        case {"file": {"name": str(name), "data": str(packed), **other}} if len(name) <= 200 and not other:
            if len(packed) > 4 * (LARGEST // 3 + 1):
                raise DataError(f"a spectrum has less than {LARGEST >> 20} MiB: give one file of LAMOST's")
            try:
                return name, base64.b64decode(packed, validate=True)
            except (binascii.Error, ValueError):
                raise DataError("the file did not arrive whole: try again") from None
        case {"place": dict(numbers)} if len(data) == 1 and numbers.keys() == {*FIELDS}:
            if all(type(one) in (int, float) and abs(one) <= LARGEST_NUMBER for one in numbers.values()):
                return {name: float(numbers[name]) for name in FIELDS}
    raise DataError("what the browser sent is no spectrum and no place")


class OwnSpectrum:
    """One visitor's own spectrum.

    Parameters
    ----------
    on_opened : called with the spectrum once it was read.
    on_placed : called with the quantities that follow from where it is, by name.
    """

    def __init__(
        self,
        conventions: Conventions,
        background: Background,
        on_opened: Callable[[Observation], None],
        on_placed: Callable[[Mapping[str, float]], None],
    ) -> None:
        self._complain = background.complain
        self._on_opened = on_opened
        self._on_placed = on_placed
        self._conventions = conventions
        self._spectrum: LamostSpectrum | None = None
        self.view = OwnSpectrumBox(self._hear)
        self._reading = background.afterwards(self._open, self._fail)
        self._placing = background.afterwards(self._place, self._fail)

    def _hear(self, message: Message) -> None:
        if isinstance(message, tuple):
            self._reading.ask(partial(_parse, *message))
            return
        spectrum, conventions = self._spectrum, self._conventions
        if spectrum is not None:
            self._placing.ask(lambda _overtaken: placed(spectrum, message, conventions))

    def _place(self, found: Mapping[str, float]) -> None:
        if self._spectrum is not None:
            self.view.say("It is marked on the maps.")
            self._on_placed(found)

    def _open(self, spectrum: LamostSpectrum) -> None:
        self._placing.overtake()
        self._spectrum = spectrum
        rv = float(radial_velocity(spectrum.z)) if np.isfinite(spectrum.z) else None
        openings = self.view.openings + 1
        self.view.say(f"{spectrum.path.name} is open below.", opened=True, rv=rv, openings=openings)
        self._on_opened(Observation(spectrum, ORIGIN))

    def _fail(self, problem: BaseException) -> None:
        if isinstance(problem, DataError):
            self.view.say(str(problem), wrong=True)
        else:
            self._complain(problem)

    def forget(self) -> None:
        """Let go of the spectrum, and of one that is being read: another star is looked at."""
        self._reading.overtake()
        self._placing.overtake()
        self._spectrum = None
        self.view.tell(said="", wrong=False, opened=False, rv=None)

    def close(self) -> None:
        """Give up what is under way: the visitor left."""
        self._reading.close()
        self._placing.close()


def _parse(name: str, packed: bytes, _overtaken: Overtaken) -> LamostSpectrum:
    """Read a file that nobody vouches for. Its name is only a name: nothing is looked up by it."""
    return parse_spectrum(packed, Path(Path(name).name or "your file"), largest=UNPACKED)


def placed(
    spectrum: LamostSpectrum, numbers: Mapping[str, float], conventions: Conventions
) -> Mapping[str, float]:
    """Where a star is, how it moves, and its actions, by the names of the catalogue's columns.

    Parameters
    ----------
    spectrum : its header says where on the sky.
    numbers : distance (kpc), pmra, pmdec (mas/yr) and rv (km/s).
    conventions : of the frame and the potential.

    Raises
    ------
    DataError
        If the header does not say where it is, or a number is beyond reason.
    """
    if not np.isfinite([spectrum.ra, spectrum.dec]).all():
        raise DataError(f"{spectrum.path.name} does not say where on the sky the star is (RA, DEC)")
    if not (0 < numbers["distance"] <= 1000 and abs(numbers["rv"]) <= 3000):
        raise DataError("give a distance above 0 and up to 1000 kpc, and an rv of up to 3000 km/s")
    sky = (spectrum.ra, spectrum.dec, *(numbers[name] for name in FIELDS))
    star = galactocentric(*sky, frame=conventions.frame)
    x, y = face_on(star.R, star.phi)
    found = {name: float(getattr(star, name)) for name in ("R", "phi", "z", "vR", "vT", "vz")}
    longitude, latitude = galactic(spectrum.ra, spectrum.dec)
    return {
        **found, "X": float(x), "Y": float(y),
        **actions_of(star, conventions),
        "ra": spectrum.ra, "dec": spectrum.dec, "l": float(longitude), "b": float(latitude), **numbers,
    }  # fmt: skip
