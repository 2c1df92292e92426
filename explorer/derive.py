"""What a catalogue lacks, computed by the model: the derivations handed to `open_catalogue`.

galpy takes seconds to import, so only the derivations that need it do.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from data.derivation import Derivation
from data.problem import DataError
from explorer.conventions import Conventions
from model.chemistry import is_giant
from model.kinematics import (
    DEFAULT_FRAME,
    PhaseSpace,
    SolarFrame,
    cylindrical,
    face_on,
    galactic,
    galactocentric,
    handedness,
)

Columns = Mapping[str, NDArray[Any]]
Computed = Callable[[Columns], Columns]
Checked = Callable[[Columns], tuple[str, ...]]

Delta = Literal["per-star"] | float
Stars = Callable[[Columns], PhaseSpace]

_SKY = ("ra", "dec")
_PLACE = ("ra", "dec", "distance")
_SIX = (*_PLACE, "pmra", "pmdec", "rv")
_VELOCITY = ("vR", "vT", "vz")
_PHASE = ("R", "z", *_VELOCITY)
_ACTIONS = ("JR", "Jphi", "Jz", "actions_failed")
_EXTREMES = ("eccentricity", "z_max", "r_peri", "r_apo")
_POTENTIAL = "MWPotential2014"
_ON_REQUEST = "computed on request: --orbits"
_SAMPLE = 50_000
_AGREED = 0.95
_SAME_PLACE = 0.001


def derivations(
    *,
    frame: SolarFrame = DEFAULT_FRAME,
    potential: str = _POTENTIAL,
    delta: Delta = "per-star",
    orbits: bool = False,
) -> tuple[Derivation, ...]:
    """Give the derivations for a frame and a potential, in the order in which they run.

    Their versions name the conventions, so that a cache made with others is not taken for theirs. What
    follows from six numbers on the sky is never mixed with the file's own phase space: actions, energy and
    orbits come from the one or the other.

    Parameters
    ----------
    frame : where the Sun is and how it moves.
    potential : a name in `model.actions.POTENTIALS`.
    delta : focal length of the Staeckel fudge in units of the potential's R0, or one "per-star".
    orbits : whether to compute how far orbits reach, which doubles the time.

    Raises
    ------
    ValueError
        The potential is unknown, or delta is not a positive number.
    """
    if (potential, delta) != (_POTENTIAL, "per-star"):
        from model.actions import staeckel_actions

        staeckel_actions(PhaseSpace(*np.array([8.0, 0, 0, 0, 220, 0])), potential=potential, delta=delta)
    sun = f"1; {frame.name}"
    motion = _Motion(potential, delta, orbits=orbits)
    return (
        Derivation("Galactic longitude and latitude", "1", _SKY, ("l", "b"), _galactic),
        Derivation("giant model", "1; eq. 1", ("teff_lamost", "logg_lamost"), ("giantmodel",), _giants),
        Derivation(
            "parallax quality", "1", ("parallax", "e_parallax"), ("parallax_over_error",), _parallax_quality
        ),
        # These need the file's own phase space, so they stand before what computes one.
        *motion.derivations(f"from the file's own {', '.join(_PHASE)}", _PHASE, _given),
        Derivation("position", sun, _PLACE, ("R", "phi", "z"), _position(frame), _check_position(frame)),
        Derivation("map from above", "1", ("R", "phi"), ("X", "Y"), _face_on, _check_face_on),
        Derivation("velocity", sun, _SIX, _VELOCITY, _velocity(frame), _check_velocity, together=_VELOCITY),
        *motion.derivations(f"from {', '.join(_SIX)}; {frame.name}", _SIX, _from_sky(frame)),
    )


def asked(*, r0: float, z_sun: float, potential: str, delta: str, orbits: bool) -> tuple[Derivation, ...]:
    """Give the derivations by the conventions that a person asks for on the command line.

    Raises
    ------
    DataError
        One of them will not do.
    """
    focus = focal_length(delta)
    try:
        return derivations(
            frame=SolarFrame(R0=r0, z_sun=z_sun), potential=potential, delta=focus, orbits=orbits
        )
    except ValueError as error:
        raise DataError(f"these conventions will not do: {error}") from error


def conventions_of(*, r0: float, z_sun: float, potential: str, delta: str) -> Conventions:
    """The same conventions for what is computed of one star, where `asked` took them."""
    return Conventions(SolarFrame(R0=r0, z_sun=z_sun), potential, focal_length(delta))


def focal_length(text: str) -> Delta:
    """Read the focal length that a person gives on the command line. Raises DataError if it is none."""
    if text == "per-star":
        return "per-star"
    try:
        return float(text)
    except ValueError as error:
        raise DataError(
            f"--delta {text[:40]!r} is no focal length: give per-star or a positive number (of R0)"
        ) from error


@dataclass(frozen=True)
class _Motion:
    """What follows from phase space in a potential."""

    potential: str
    delta: Delta
    orbits: bool

    def derivations(self, origin: str, needs: tuple[str, ...], stars: Stars) -> Iterator[Derivation]:
        focus = (
            "a focal length per star"
            if self.delta == "per-star"
            else f"focal length {float(self.delta)!r} R0"
        )
        fudge = f"2; Staeckel fudge with {focus} in {self.potential}; {origin}"
        energy = f"2; relative to escape, in {self.potential}; {origin}"
        extremes = fudge if self.orbits else "2; on request"
        withheld = "" if self.orbits else _ON_REQUEST
        yield Derivation("actions", fudge, needs, _ACTIONS, self._actions(stars), together=("JR", "Jz"))
        yield Derivation("energy", energy, needs, ("energy",), self._energy(stars))
        yield Derivation(
            "orbits", extremes, needs, _EXTREMES, self._extremes(stars), together=_EXTREMES, withheld=withheld
        )

    def _actions(self, stars: Stars) -> Computed:
        def compute(columns: Columns) -> Columns:
            from model.actions import staeckel_actions

            found = staeckel_actions(stars(columns), potential=self.potential, delta=self.delta)
            return dict(zip(_ACTIONS, (found.J_R, found.J_phi, found.J_z, found.failed), strict=True))

        return compute

    def _energy(self, stars: Stars) -> Computed:
        def compute(columns: Columns) -> Columns:
            from model.actions import orbital_energy

            return {"energy": orbital_energy(stars(columns), potential=self.potential)}

        return compute

    def _extremes(self, stars: Stars) -> Computed:
        def compute(columns: Columns) -> Columns:
            from model.actions import orbit_extremes

            found = orbit_extremes(stars(columns), potential=self.potential, delta=self.delta)
            return {name: getattr(found, name) for name in _EXTREMES}

        return compute


def _given(columns: Columns) -> PhaseSpace:
    """Take the file's own phase space; in an axisymmetric potential the azimuth does not matter."""
    R, z, vR, vT, vz = (np.asarray(columns[name], dtype=np.float64) for name in _PHASE)
    return PhaseSpace(R, np.zeros_like(R), z, vR, vT, vz)


def _from_sky(frame: SolarFrame) -> Stars:
    return lambda columns: galactocentric(*(columns[name] for name in _SIX), frame=frame)


def _galactic(columns: Columns) -> Columns:
    longitude, latitude = galactic(columns["ra"], columns["dec"])
    return {"l": longitude, "b": latitude}


def _giants(columns: Columns) -> Columns:
    teff, logg = columns["teff_lamost"], columns["logg_lamost"]
    known = np.isfinite(teff) & np.isfinite(logg)
    return {"giantmodel": np.where(known, is_giant(teff, logg), np.int8(-1))}


def _parallax_quality(columns: Columns) -> Columns:
    with np.errstate(divide="ignore", invalid="ignore"):
        return {"parallax_over_error": columns["parallax"] / columns["e_parallax"]}


def _position(frame: SolarFrame) -> Computed:
    def compute(columns: Columns) -> Columns:
        places = cylindrical(*(columns[name] for name in _PLACE), frame=frame)
        return dict(zip(("R", "phi", "z"), places, strict=True))

    return compute


def _face_on(columns: Columns) -> Columns:
    X, Y = face_on(columns["R"], columns["phi"])
    return {"X": X, "Y": Y}


def _velocity(frame: SolarFrame) -> Computed:
    from_sky = _from_sky(frame)

    def compute(columns: Columns) -> Columns:
        stars = from_sky(columns)
        return {"vR": stars.vR, "vT": stars.vT, "vz": stars.vz}

    return compute


def _sample(columns: Columns, names: tuple[str, ...]) -> list[NDArray[Any]] | None:
    """Take some rows of the file's own columns; None where it lacks one."""
    if not set(names) <= set(columns):
        return None
    step = max(1, len(columns[names[0]]) // _SAMPLE)
    return [np.asarray(columns[name][::step]) for name in names]


def _check_position(frame: SolarFrame) -> Checked:
    def check(columns: Columns) -> tuple[str, ...]:
        return (*_check_azimuth(columns), *_check_places(columns, frame), *_check_filled(columns))

    return check


def _check_azimuth(columns: Columns) -> tuple[str, ...]:
    sample = _sample(columns, (*_SKY, "R", "phi"))
    if sample is None:
        return ()
    ra, dec, R, phi = sample
    X, Y = face_on(R, phi)
    if np.isfinite(X).any() and np.nanmedian(X) < 0:
        return ("phi puts most stars beyond the Galactic centre: it counts from there, not from the Sun",)
    return _side("phi", handedness(galactic(ra, dec)[0], Y), "grows with rotation", "grows against rotation")


def _check_face_on(columns: Columns) -> tuple[str, ...]:
    sample = _sample(columns, (*_SKY, "Y"))
    if sample is None:
        return ()
    ra, dec, Y = sample
    return _side(
        "Y", handedness(galactic(ra, dec)[0], Y), "has rotation towards -Y", "has rotation towards +Y"
    )


def _side(name: str, share: float, ours: str, mirrored: str) -> tuple[str, ...]:
    """Say what a comparison with Galactic longitude found."""
    if np.isnan(share):
        return ()
    if share >= _AGREED:
        return (f"{name} {ours}, as ours: {share:.1%} of stars agree with their Galactic longitude",)
    if share <= 1 - _AGREED:
        return (f"{name} is mirrored: it {mirrored}, as {1 - share:.1%} of Galactic longitudes tell",)
    return (f"{name} agrees with Galactic longitude for only {share:.0%} of stars: its origin is unclear",)


def _check_places(columns: Columns, frame: SolarFrame) -> tuple[str, ...]:
    """Compare the file's own R and z with those of our frame."""
    sample = _sample(columns, (*_PLACE, "R", "z"))
    if sample is None:
        return ()
    ra, dec, distance, R, z = sample
    our_R, _, our_z = cylindrical(ra, dec, distance, frame=frame)
    with np.errstate(invalid="ignore"):
        differences = [np.nanmedian(values) for values in (R - our_R, z - our_z) if np.isfinite(values).any()]
    if len(differences) < 2:
        return ()
    if max(map(abs, differences)) < _SAME_PLACE:
        return ("the file's own R and z agree with those of our frame",)
    about = " and ".join(f"{difference:+.3f} kpc" for difference in differences)
    return (f"the file's own R and z differ from those of our frame by {about} in the median",)


def _check_filled(columns: Columns) -> tuple[str, ...]:
    own = [name for name in ("R", "phi", "z") if name in columns]
    filled = [name for name in ("R", "phi", "z") if name not in columns]
    if not (own and filled and set(_PLACE) <= set(columns)):
        return ()
    return (f"computed in our frame beside the file's own {_and(own)}: {_and(filled)}",)


def _check_velocity(columns: Columns) -> tuple[str, ...]:
    return (*_check_rotation(columns), *_check_alone(columns), *_check_origin(columns))


def _check_alone(columns: Columns) -> tuple[str, ...]:
    own = [name for name in _VELOCITY if name in columns]
    left_out = [name for name in _VELOCITY if name not in columns]
    if not (own and left_out):
        return ()
    return (f"{_and(left_out)} cannot be told in the frame of the file's own {_and(own)}: left out",)


def _check_rotation(columns: Columns) -> tuple[str, ...]:
    """Tell the sense of the file's own rotation from its median."""
    found = []
    for name, unit in (("vT", "km/s"), ("Jphi", "kpc km/s")):
        sample = _sample(columns, (name,))
        if sample is None or not np.isfinite(sample[0]).any():
            continue
        median = np.nanmedian(sample[0])
        if median < 0:
            found.append(
                f"{name} is negative for most stars ({median:.0f} {unit} in the median): it counts against "
                "rotation, unlike ours"
            )
        elif name == "vT":
            found.append(f"vT counts with rotation, as ours: its median is {median:.0f} km/s")
    return tuple(found)


def _check_origin(columns: Columns) -> tuple[str, ...]:
    """Say whose phase space actions and energy come from, where both could be meant."""
    own = [name for name in _PHASE if name in columns]
    actions = () if {"JR", "Jz"} & set(columns) else ("JR", "Jphi", "Jz")
    computed = [name for name in (*actions, "energy") if name not in columns]
    if not (own and computed):
        return ()
    if len(own) == len(_PHASE):
        return (f"{_and(computed)} are computed from the file's own {_and(own)}, in its frame and signs",)
    if not set(_SIX) <= set(columns):
        return ()
    return (
        f"{_and(computed)} are computed in our frame from {_and(_SIX)}, not from the file's own {_and(own)}",
    )


def _and(names: Sequence[str]) -> str:
    return " and ".join(filter(None, (", ".join(names[:-1]), *names[-1:])))
