"""The orbit of one star: its course for some Gyr, how far it comes, and what its errors leave open.

Pericentre, apocentre, height and eccentricity are those of the course itself. The catalogue has them by the
Staeckel fudge instead, as bounds that an orbit comes near to in time: off the disc these can be off by a
tenth or two. Actions and energy are as in the catalogue (see `actions`). Errors are by the draws of
`uncertainty`: with the same seed and identifier, those of the star in a table of errors.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from types import MappingProxyType
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from model.actions import Delta, orbit_courses, orbital_energy, staeckel_actions
from model.kinematics import DEFAULT_FRAME, PhaseSpace, SolarFrame, face_on
from model.uncertainty import Centre, Observed, drawn_phase_space, percentiles, shares

Floats = NDArray[np.float64]
State = Literal["bound", "near escape", "unbound", "unknown"]

NUMBERS = ("r_peri", "r_apo", "z_max", "eccentricity", "J_R", "J_phi", "J_z", "energy")
LONGEST = 14.0
"""Time that a course may take, Gyr."""
STEP = 0.00125
"""Of a course, Gyr: a hundred and more in each round of the disc near the Sun."""
MOST_DRAWS = 100_000
FOLLOWED = 100
"""Draws whose courses are followed, the first ones; actions are told of all. One takes 6 ms of a core."""
_ROUND = 1e-3
"""Eccentricity below which an orbit has no ends that it would have to come to."""


@dataclass(frozen=True, eq=False)
class Course:
    """Where orbits lead, the present first; no points in time where there is nothing to draw.

    Attributes
    ----------
    time : (T,), Gyr from now; negative is the past.
    stars : phase space, (T,) each, or (N, T).
    """

    time: Floats
    stars: PhaseSpace

    @property
    def from_above(self) -> tuple[Floats, Floats]:
        """X and Y, kpc, as in `face_on`: the Sun at X = +R0, rotation towards -Y."""
        return face_on(self.stars.R, self.stars.phi)

    @property
    def reach(self) -> Floats:
        """Pericentre, apocentre, greatest height (kpc) and eccentricity, (4,) or (4, N)."""
        r2, z2 = self.stars.R**2 + self.stars.z**2, self.stars.z**2
        low, high, z_max = np.sqrt([-_greatest(-r2), _greatest(r2), _greatest(z2)])
        return np.array([low, high, z_max, (high - low) / (high + low)])

    @property
    def turns(self) -> int:
        """How often one star turns from going out to coming in, or back."""
        outwards = self.stars.R * self.stars.vR + self.stars.z * self.stars.vz
        return int(np.count_nonzero(np.diff(np.sign(outwards))))


@dataclass(frozen=True)
class Interval:
    """A number, and 16th, 50th and 84th percentile of its draws; NaN where there are none."""

    value: float
    low: float
    middle: float
    high: float


@dataclass(frozen=True, eq=False)
class Orbit:
    """The orbit of a star.

    Attributes
    ----------
    potential : the potential's name.
    state : "bound"; "near escape" where it is, but has no actions since the fudge gives up so near to it;
        "unbound"; "unknown" where some of its phase space is missing.
    speed, escape : its speed and that of escape from where it is, km/s.
    numbers : by NUMBERS, kpc, 1, kpc km/s and (km/s)^2 relative to escape.
    course : where it leads; of no points if it is unbound or unknown.
    draws, seed : of the errors; no draws where none were asked for.
    unbound, failed : share of the draws that are unbound, and of those without actions; NaN without draws.
    """

    potential: str
    state: State
    speed: float
    escape: float
    numbers: Mapping[str, Interval]
    course: Course
    draws: int
    seed: int
    unbound: float
    failed: float

    @property
    def words(self) -> str:
        """What there is to say of it; "" if nothing is."""
        said = {
            "bound": "",
            "near escape": (
                f"The star moves at {self.speed:.0f} km/s where {self.escape:.0f} let it escape from "
                f"{self.potential}: so near to it that its actions cannot be told."
            ),
            "unbound": (
                f"The star is unbound in {self.potential}: it moves at {self.speed:.0f} km/s where "
                f"{self.escape:.0f} let it escape, so that it has no apocentre and no actions."
            ),
            "unknown": "Its orbit cannot be told: part of its place or velocity is missing.",
        }[self.state]
        return " ".join(filter(None, (said, self._words_of_course(), self._words_of_draws())))

    def _words_of_course(self) -> str:
        if not self.course.time.size or self.course.turns > 1 or self.numbers["eccentricity"].value < _ROUND:
            return ""
        return (
            f"In {abs(self.course.time[-1]):g} Gyr it does not go in and out once, so that its pericentre or "
            "apocentre lies beyond what is drawn."
        )

    def _words_of_draws(self) -> str:
        if not self.draws or self.state == "unknown":
            return ""
        if np.isnan(self.unbound):
            return "Nothing can be drawn within its errors: some of them are missing."
        if self.unbound > 0:
            return f"{100 * self.unbound:.3g} % of {self.draws:,} draws within its errors are unbound."
        return ""


def follow(star: PhaseSpace, *, gyr: float = 5.0, potential: str = "MWPotential2014") -> Course:
    """Follow a star along its orbit.

    Parameters
    ----------
    star : phase space of one star, complete, R above 0; arrays of one number, or numbers.
    gyr : how long; negative to go into the past.
    potential : a name in `POTENTIALS`.

    Raises
    ------
    ValueError
        The star is none, time is beyond bounds, or as `staeckel_actions`.
    """
    time = _times(gyr)
    one = _one(star)
    if not _sound(one)[0]:
        raise ValueError("the star lacks some of its phase space, or is on the axis: give a whole one")
    course = orbit_courses(one, time, potential=potential)
    return Course(time, _each(course, 0))


def orbit(
    star: PhaseSpace,
    observed: Observed | None = None,
    *,
    gyr: float = 5.0,
    draws: int = 1000,
    seed: int = 1,
    centre: Centre = "mode",
    frame: SolarFrame = DEFAULT_FRAME,
    potential: str = "MWPotential2014",
    delta: Delta = "per-star",
) -> Orbit:
    """Orbit of a star, whatever is known of it.

    Parameters
    ----------
    star : phase space of one star; arrays of one number, or numbers, NaN where missing.
    observed : what was observed of it, with errors, to draw from; no draws if not given.
    gyr : as for `follow`.
    draws, seed, centre, frame, potential, delta : as for `uncertainty`.

    Raises
    ------
    ValueError
        There is not one star, draws are beyond bounds, or as `follow`.
    """
    time, one = _times(gyr), _one(star)
    values, courses = _numbers(one, time, potential, delta)
    drawn, unbound, failed = np.full((len(NUMBERS), 3), np.nan), np.nan, np.nan
    if observed is not None:
        if observed.star.size != 1 or not 1 <= draws <= MOST_DRAWS:
            raise ValueError(
                f"{draws} draws of {observed.star.size} stars: give 1 to {MOST_DRAWS:,} of one star"
            )
        some = _each(drawn_phase_space(observed, draws=draws, seed=seed, centre=centre, frame=frame), 0)
        drawn, unbound, failed = _described(_numbers(some, time, potential, delta)[0])
    speed = float(np.sqrt(one.vR**2 + one.vT**2 + one.vz**2)[0])
    rows = zip(NUMBERS, values[:, 0].tolist(), drawn.tolist(), strict=True)
    return Orbit(
        potential=potential,
        state=_state(one, values[:, 0]),
        speed=speed,
        escape=float(np.sqrt(speed**2 - 2 * values[-1, 0])),
        numbers=MappingProxyType({name: Interval(value, *three) for name, value, three in rows}),
        course=courses,
        draws=0 if observed is None else draws,
        seed=seed,
        unbound=unbound,
        failed=failed,
    )


def _times(gyr: float) -> Floats:
    if not 0 < abs(gyr) <= LONGEST:
        raise ValueError(
            f"{gyr:g} Gyr is no time to follow a star: give at most {LONGEST:g}, or -{LONGEST:g}"
        )
    return np.linspace(0.0, gyr, 1 + max(round(abs(gyr) / STEP), 2))


def _one(star: PhaseSpace) -> PhaseSpace:
    """One star in arrays (1,), NaN for what is not finite."""
    parts = [np.asarray(getattr(star, field.name), np.float64) for field in fields(PhaseSpace)]
    if any(part.size != 1 for part in parts):
        raise ValueError(f"{max(part.size for part in parts)} stars were given: give one")
    return PhaseSpace(*(np.where(np.isfinite(part), part, np.nan).reshape(1) for part in parts))


def _each(stars: PhaseSpace, which: int | NDArray[np.int64]) -> PhaseSpace:
    """One row of each array, or several."""
    return PhaseSpace(*(getattr(stars, field.name)[which] for field in fields(PhaseSpace)))


def _sound(stars: PhaseSpace) -> NDArray[np.bool_]:
    """Whether stars (N,) have a whole phase space off the axis."""
    finite = np.isfinite([getattr(stars, field.name) for field in fields(PhaseSpace)]).all(axis=0)
    return np.asarray(finite & (stars.R > 0))


def _numbers(stars: PhaseSpace, time: Floats, potential: str, delta: Delta) -> tuple[Floats, Course]:
    """NUMBERS of stars (N,) -> (8, N), and the course of the first one."""
    actions = staeckel_actions(stars, potential=potential, delta=delta)
    energy = orbital_energy(stars, potential=potential)
    reach = np.full((4, len(energy)), np.nan)
    bound = np.flatnonzero((_sound(stars) & (energy < 0))[:FOLLOWED])
    first = Course(np.empty(0), PhaseSpace(*np.empty((6, 0))))
    if bound.size:
        courses = Course(time, orbit_courses(_each(stars, bound), time, potential=potential))
        reach[:, bound] = courses.reach
        first = Course(time, _each(courses.stars, 0))
    return np.vstack([reach, actions.J_R, actions.J_phi, actions.J_z, energy]), first


def _state(star: PhaseSpace, values: Floats) -> State:
    if not (_sound(star)[0] and np.isfinite(values[-1])):
        return "unknown"
    if values[-1] >= 0:
        return "unbound"
    return "bound" if np.isfinite(values).all() else "near escape"


def _described(values: Floats) -> tuple[Floats, float, float]:
    """Percentiles (8, 3) of draws (8, D), and the shares of them that are unbound and without actions."""
    unbound, failed = shares(values[-1], np.isnan(values[4]))
    return percentiles(values), float(unbound), float(failed)


def _greatest(values: Floats) -> Floats:
    """Greatest value along the last axis, between points where a parabola through three has its peak."""
    last = values.shape[-1] - 1
    at = values.argmax(axis=-1)[..., None]
    before, here, after = (
        np.take_along_axis(values, np.clip(at + step, 0, last), -1)[..., 0] for step in (-1, 0, 1)
    )
    inside = (at[..., 0] > 0) & (at[..., 0] < last)
    bend = np.where(inside, 2 * here - before - after, 1.0)
    rise = np.where(inside & (bend > 0), (after - before) ** 2 / (8 * np.where(bend > 0, bend, 1.0)), 0.0)
    found: Floats = here + rise
    return found
