"""Actions, energy, extent and course of orbits in potentials of the Galaxy. The only file that knows galpy.

Actions are those of the Staeckel fudge (Binney 2012, MNRAS 426, 1324) as galpy computes it in C (Bovy 2015,
ApJS 216, 29; Bovy & Rix 2013). That code takes as many threads as ``OMP_NUM_THREADS`` allows, all cores
where it is unset; the results do not depend on it.
"""

import math
import os
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import chdir, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from types import MappingProxyType
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from model.kinematics import PhaseSpace


@contextmanager
def _quietly() -> Iterator[None]:
    """Import galpy without the outside world.

    At import galpy reads ``.galpyrc`` from the current folder or HOME, writes it where it is missing, and
    unless told otherwise asks the internet for a newer version; a second Python that it starts to try its C
    library does the same, and Matplotlib, which it imports, fills a cache. All find a passing folder instead.
    """
    kept = {name: os.environ.get(name) for name in ("HOME", "MPLCONFIGDIR")}
    with TemporaryDirectory() as folder, chdir(folder), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="libgalpy_actionAngleTorus C extension module not loaded")
        Path(folder, ".galpyrc").write_text("[version-check]\ndo-check = False\n", encoding="ascii")
        os.environ.update(dict.fromkeys(kept, folder))
        try:
            yield
        finally:
            for name, value in kept.items():
                if value is None:
                    del os.environ[name]
                else:
                    os.environ[name] = value


with _quietly():
    from galpy.actionAngle import actionAngleStaeckel
    from galpy.orbit.integrateFullOrbit import integrateFullOrbit_c
    from galpy.potential import (
        HernquistPotential,
        MiyamotoNagaiPotential,
        MWPotential2014,
        NFWPotential,
        Potential,
        evaluatePotentials,
        evaluateR2derivs,
        evaluateRforces,
        evaluateRzderivs,
        evaluatez2derivs,
        evaluatezforces,
    )
    from galpy.util.conversion import get_physical, mass_in_msol

Floats = NDArray[np.float64]
Delta = Literal["per-star"] | float
Natural = tuple[Floats, ...]
"""R, vR, vT, z, vz of stars in galpy's natural units."""


@dataclass(frozen=True)
class ScaledPotential:
    """A galpy potential with the lengths (kpc) and velocities (km/s) that are 1 in its natural units."""

    potential: Any
    ro: float
    vo: float


def _milky_way() -> ScaledPotential:
    """Disc, bulge, nucleus and halo of gala's MilkyWayPotential: solar masses and kpc."""
    ro, vo = 8.0, 220.0
    unit = mass_in_msol(vo, ro)
    disc = MiyamotoNagaiPotential(amp=6.8e10 / unit, a=3.0 / ro, b=0.28 / ro)
    bulge, nucleus = (
        HernquistPotential(amp=2 * mass / unit, a=length / ro)
        for mass, length in ((5e9, 1.0), (1.71e9, 0.07))
    )
    halo = NFWPotential(amp=5.4e11 / unit, a=15.62 / ro)
    return ScaledPotential(disc + bulge + nucleus + halo, ro, vo)


POTENTIALS: Mapping[str, ScaledPotential] = MappingProxyType(
    {
        "MWPotential2014": ScaledPotential(MWPotential2014, ro=8.0, vo=220.0),
        "MilkyWayPotential": _milky_way(),
    }
)
"""Potentials that go by a name: MWPotential2014 of Bovy (2015), Table 1, and gala's MilkyWayPotential
(Price-Whelan 2017, JOSS 2, 388), whose halo is heavier."""

_CHUNK = 100_000
_ORDER = 10
_FAR = 1e12
"""Where the potential is taken to have reached its value at infinity, as for galpy's escape speed."""
_GYR = 3.0856775814913673e16 / (365.25 * 86_400 * 1e9)
"""One kpc / (km/s) in Gyr."""
_TOLERANCE = 1e-9
"""Of a step of an orbit, relative and in natural units."""
_SENTINEL = 9999.0
"""galpy answers 9999.99 where it finds no bounds of the radial motion."""


@dataclass(frozen=True, eq=False)
class Actions:
    """Actions of stars, kpc km/s.

    Attributes
    ----------
    J_R, J_z : radial and vertical action; both NaN where either is missing.
    J_phi : angular momentum about the axis, positive with rotation: R vT, even where the rest failed.
    failed : True where the phase space is complete, yet the actions could not be had: the star is unbound,
        or so near escape that the fudge gives up (some from 0.88 of escape speed, all from 0.98), or R is not
        positive. False where input is missing: there was nothing to fail.
    """

    J_R: Floats
    J_phi: Floats
    J_z: Floats
    failed: NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class OrbitExtremes:
    """How far orbits reach; NaN where the actions are.

    Attributes
    ----------
    eccentricity : (r_apo - r_peri) / (r_apo + r_peri).
    z_max : greatest height above the plane, kpc.
    r_peri, r_apo : smallest and largest distance from the Galactic centre, kpc.
    """

    eccentricity: Floats
    z_max: Floats
    r_peri: Floats
    r_apo: Floats


def staeckel_actions(
    stars: PhaseSpace, *, potential: str | Potential = "MWPotential2014", delta: Delta = "per-star"
) -> Actions:
    """Actions of stars by the Staeckel fudge (paper 5.1).

    Parameters
    ----------
    stars : phase space; kpc and km/s. Not changed.
    potential : a name in `POTENTIALS`, or an axisymmetric galpy potential built with ``ro`` and ``vo``.
    delta : focal length of the spheroidal coordinates in units of R0 (the potential's ``ro``), or "per-star"
        for each star's own as `focal_length` gives it, which is more accurate off the disc.

    Returns
    -------
    Actions
        Arrays of the shape of the input.

    Raises
    ------
    ValueError
        The potential is unknown, has no scale or is of the wrong kind; or delta is not a positive number.
    """
    scaled, delta = _known(potential), _checked(delta)

    def compute(natural: Natural) -> Floats:
        return _fudged("__call__", natural, scaled.potential, delta)[[0, 2]]

    J_R, J_z = _in_chunks(compute, stars, scaled) * (scaled.ro * scaled.vo)
    J_phi = np.multiply(stars.R, stars.vT, dtype=np.float64)
    complete = np.ones(J_R.shape, dtype=bool)
    for values in (stars.R, stars.z, stars.vR, stars.vT, stars.vz):
        complete &= np.isfinite(values)
    return Actions(J_R, J_phi, J_z, complete & np.isnan(J_R))


def orbit_extremes(
    stars: PhaseSpace, *, potential: str | Potential = "MWPotential2014", delta: Delta = "per-star"
) -> OrbitExtremes:
    """Eccentricity, greatest height, pericentre and apocentre of orbits by the same fudge.

    The method is that of Mackereth & Bovy (2018, PASP 130, 114501). Parameters, shapes and errors are those
    of `staeckel_actions`.
    """
    scaled, delta = _known(potential), _checked(delta)

    def compute(natural: Natural) -> Floats:
        return _fudged("EccZmaxRperiRap", natural, scaled.potential, delta)

    eccentricity, z_max, r_peri, r_apo = _in_chunks(compute, stars, scaled)
    return OrbitExtremes(eccentricity, z_max * scaled.ro, r_peri * scaled.ro, r_apo * scaled.ro)


def orbital_energy(stars: PhaseSpace, *, potential: str | Potential = "MWPotential2014") -> Floats:
    """Energy of orbits relative to escape, (km/s)^2: negative is bound.

    The potential is counted from its own value far away, which need not be 0 (in MWPotential2014 it is
    +1.345 in natural units). Input and errors are those of `staeckel_actions`.
    """
    scaled = _known(potential)

    def compute(natural: Natural) -> Floats:
        return _energy(natural, scaled.potential)[np.newaxis]

    energy: Floats = _in_chunks(compute, stars, scaled)[0] * scaled.vo**2
    return energy


def orbit_courses(
    stars: PhaseSpace, times: Floats, *, potential: str | Potential = "MWPotential2014"
) -> PhaseSpace:
    """Where orbits lead, step by step, by galpy's integrator of order 8(5, 3) after Dormand and Prince in C.

    Parameters
    ----------
    stars : phase space of N stars, (N,), complete and with R above 0.
    times : (T,), Gyr, from 0 on upwards or downwards.
    potential : as in `staeckel_actions`.

    Returns
    -------
    PhaseSpace
        Arrays (N, T), the stars themselves first; azimuths from -pi to pi.

    Raises
    ------
    ValueError
        As `staeckel_actions`.
    """
    scaled = _known(potential)
    parts = [np.asarray(getattr(stars, name), np.float64) for name in ("R", "vR", "vT", "z", "vz", "phi")]
    units = (scaled.ro, scaled.vo, scaled.vo, scaled.ro, scaled.vo, 1.0)
    # A copy, for galpy's C code works in what it is given.
    begin = np.column_stack([part / unit for part, unit in zip(parts, units, strict=True)])
    natural = times / (_GYR * scaled.ro / scaled.vo)
    course, _ = integrateFullOrbit_c(
        scaled.potential, begin, natural, "dop853_c", rtol=_TOLERANCE, atol=_TOLERANCE, progressbar=False
    )
    R, vR, vT, z, vz, phi = np.moveaxis(course * np.array(units), -1, 0)
    return PhaseSpace(R, np.arctan2(np.sin(phi), np.cos(phi)), z, vR, vT, vz)


def focal_length(R: ArrayLike, z: ArrayLike, *, potential: str | Potential = "MWPotential2014") -> Floats:
    """Focal length at which a potential looks most like a Staeckel one nearby (Sanders 2012, eq. 9).

    Parameters
    ----------
    R, z : position, kpc. Not changed.
    potential : as in `staeckel_actions`.

    Returns
    -------
    ndarray
        Focal length in units of R0 (the potential's ``ro``), NaN where its square is negative.
    """
    scaled = _known(potential)
    return _focal_length(np.divide(R, scaled.ro), np.divide(z, scaled.ro), scaled.potential)


def _known(potential: str | Potential) -> ScaledPotential:
    if isinstance(potential, str):
        if potential in POTENTIALS:
            return POTENTIALS[potential]
        raise ValueError(
            f"no potential is called {potential!r}: give one of {', '.join(POTENTIALS)}, or a galpy potential"
        )
    if not isinstance(potential, Potential) or potential.isNonAxi or not potential.hasC:
        raise ValueError(
            f"{potential!r} will not do: give an axisymmetric galpy potential that galpy has in C"
        )
    scale = get_physical(potential, include_set=True)
    if not (scale["roSet"] and scale["voSet"]):
        raise ValueError(f"{potential!r} has no scale: build it with ro= (kpc) and vo= (km/s)")
    return ScaledPotential(potential, scale["ro"], scale["vo"])


def _checked(delta: Delta) -> Delta:
    if delta == "per-star" or (not isinstance(delta, str) and math.isfinite(delta) and delta > 0):
        return delta
    raise ValueError(
        f'delta = {delta!r} is no focal length: give "per-star" or a positive number in units of R0'
    )


def _in_chunks(compute: Callable[[Natural], Floats], stars: PhaseSpace, scaled: ScaledPotential) -> Floats:
    """Stack what `compute` finds for chunks of stars in natural units, so that memory stays bounded."""
    given = np.broadcast_arrays(stars.R, stars.vR, stars.vT, stars.z, stars.vz)
    units = (scaled.ro, scaled.vo, scaled.vo, scaled.ro, scaled.vo)
    flat = [values.reshape(-1) for values in given]
    found = []
    for start in range(0, max(flat[0].size, 1), _CHUNK):
        rows = slice(start, start + _CHUNK)
        natural = (np.divide(v[rows], unit, dtype=np.float64) for v, unit in zip(flat, units, strict=True))
        found.append(compute(tuple(natural)))
    return np.concatenate(found, axis=1).reshape(len(found[0]), *given[0].shape)


def _fudged(method: str, natural: Natural, potential: Any, delta: Delta) -> Floats:
    """Ask galpy's fudge about the stars it can serve; the others are NaN."""
    served = (natural[0] > 0) & (_energy(natural, potential) < 0)
    R, vR, vT, z, vz = (values[served] for values in natural)
    focus = _focal_length(R, z, potential) if delta == "per-star" else delta
    fudge = actionAngleStaeckel(pot=potential, delta=1.0, c=True, order=_ORDER)
    with np.errstate(over="ignore", invalid="ignore"):
        found = np.array(getattr(fudge, method)(R, vR, vT, z, vz, delta=focus, use_physical=False))
        good = np.all(np.abs(found) < _SENTINEL, axis=0)
    result = np.full((len(found), len(served)), np.nan)
    result[:, served] = np.where(good, found, np.nan)
    return result


def _energy(natural: Natural, potential: Any) -> Floats:
    R, vR, vT, z, vz = natural
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        depth = evaluatePotentials(potential, R, z, use_physical=False)
        escape = evaluatePotentials(potential, _FAR, 0.0, use_physical=False)
        energy: Floats = depth - escape + (vR**2 + vT**2 + vz**2) / 2
    return energy


def _focal_length(R: Floats, z: Floats, potential: Any) -> Floats:
    z = np.where(z == 0, 1e-4, z)
    here, raw = (potential, R, z), {"use_physical": False}
    with np.errstate(divide="ignore", invalid="ignore"):
        force_z, force_R = evaluatezforces(*here, **raw), evaluateRforces(*here, **raw)
        curvature = evaluateR2derivs(*here, **raw) - evaluatez2derivs(*here, **raw)
        cross = evaluateRzderivs(*here, **raw)
        squared = z**2 - R**2 + (3 * R * force_z - 3 * z * force_R + R * z * curvature) / cross
        roundoff = (squared < 1e-12) & (squared > -1e-10)
        delta: Floats = np.sqrt(np.where(roundoff, 1e-12, squared))
    return delta
