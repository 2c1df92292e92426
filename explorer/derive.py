"""What a catalogue lacks, computed by the model: the derivations handed to `open_catalogue`.

galpy takes seconds to import, so only the derivations that need it do.
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from data.derivation import Derivation
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
Checked = Callable[[Columns], tuple[str, ...]]

_SKY = ("ra", "dec")
_PLACE = ("ra", "dec", "distance")
_MOTION = ("pmra", "pmdec", "rv")
_PHASE = ("R", "phi", "z", "vR", "vT", "vz")
_SAMPLE = 50_000
_AGREED = 0.95
_SAME_PLACE = 0.001


def derivations(
    *, frame: SolarFrame = DEFAULT_FRAME, potential: str = "MWPotential2014"
) -> tuple[Derivation, ...]:
    """Give the derivations for a frame and a potential, in the order in which they run.

    Their versions name both, so that a cache made with others is not taken for theirs.
    """
    sun = f"1; {frame.name}"
    orbit = f"1; Staeckel fudge with a focal length per star in {potential}"
    energy = f"1; relative to escape, in {potential}"
    return (
        Derivation("Galactic longitude and latitude", "1", _SKY, ("l", "b"), _galactic),
        Derivation("giant model", "1; eq. 1", ("teff_lamost", "logg_lamost"), ("giantmodel",), _giants),
        Derivation(
            "parallax quality", "1", ("parallax", "e_parallax"), ("parallax_over_error",), _parallax_quality
        ),
        Derivation("position", sun, _PLACE, ("R", "phi", "z"), _position(frame), _check_position(frame)),
        Derivation("map from above", "1", ("R", "phi"), ("X", "Y"), _face_on, _check_face_on),
        Derivation("velocity", sun, _PLACE + _MOTION, ("vR", "vT", "vz"), _velocity(frame), _check_rotation),
        Derivation("actions", orbit, _PHASE, ("JR", "Jphi", "Jz", "actions_failed"), _actions(potential)),
        Derivation("energy", energy, _PHASE, ("energy",), _energy(potential)),
    )


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


def _position(frame: SolarFrame) -> Callable[[Columns], Columns]:
    def compute(columns: Columns) -> Columns:
        places = cylindrical(*(columns[name] for name in _PLACE), frame=frame)
        return dict(zip(("R", "phi", "z"), places, strict=True))

    return compute


def _face_on(columns: Columns) -> Columns:
    X, Y = face_on(columns["R"], columns["phi"])
    return {"X": X, "Y": Y}


def _velocity(frame: SolarFrame) -> Callable[[Columns], Columns]:
    def compute(columns: Columns) -> Columns:
        stars = galactocentric(*(columns[name] for name in _PLACE + _MOTION), frame=frame)
        return {"vR": stars.vR, "vT": stars.vT, "vz": stars.vz}

    return compute


def _stars(columns: Columns) -> PhaseSpace:
    return PhaseSpace(*(np.asarray(columns[name], dtype=np.float64) for name in _PHASE))


def _actions(potential: str) -> Callable[[Columns], Columns]:
    def compute(columns: Columns) -> Columns:
        from model.actions import staeckel_actions

        found = staeckel_actions(_stars(columns), potential=potential)
        return {"JR": found.J_R, "Jphi": found.J_phi, "Jz": found.J_z, "actions_failed": found.failed}

    return compute


def _energy(potential: str) -> Callable[[Columns], Columns]:
    def compute(columns: Columns) -> Columns:
        from model.actions import orbital_energy

        return {"energy": orbital_energy(_stars(columns), potential=potential)}

    return compute


def _sample(columns: Columns, names: tuple[str, ...]) -> list[NDArray[Any]] | None:
    """Take some rows of the file's own columns; None where it lacks one."""
    if not set(names) <= set(columns):
        return None
    step = max(1, len(columns[names[0]]) // _SAMPLE)
    return [np.asarray(columns[name][::step]) for name in names]


def _check_position(frame: SolarFrame) -> Checked:
    def check(columns: Columns) -> tuple[str, ...]:
        return (*_check_azimuth(columns), *_check_places(columns, frame))

    return check


def _check_azimuth(columns: Columns) -> tuple[str, ...]:
    sample = _sample(columns, (*_SKY, "R", "phi"))
    if sample is None:
        return ()
    ra, dec, R, phi = sample
    X, Y = face_on(R, phi)
    if np.nanmedian(X) < 0:
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


def _check_rotation(columns: Columns) -> tuple[str, ...]:
    sample = _sample(columns, ("vT",))
    if sample is None or not np.isfinite(sample[0]).any():
        return ()
    median = np.nanmedian(sample[0])
    if median < 0:
        return (
            f"vT is negative for most stars ({median:.0f} km/s in the median): it counts against rotation",
        )
    return (f"vT counts with rotation, as ours: its median is {median:.0f} km/s",)
