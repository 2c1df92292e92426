"""Which stars of the mock Galaxy the survey takes: drawn straight from what each plate can see.

A table of plates, distances and components holds how many stars a plate would find there between its
magnitude limits. Stars are drawn from it, moved to a place of their own inside the plate, and kept or dropped
by how the expectation there compares with the table's.
"""

from dataclasses import dataclass, fields, replace

import numpy as np
from numpy.typing import NDArray

from model.dust import G_PER_V, extinction
from model.footprint import Plates, plates, scatter_in_plates
from model.galaxy import COMPONENTS, birth, typical_metallicity
from model.kinematics import SolarFrame, cylindrical, galactic
from model.luminosity import COOLEST, HOTTEST, Luminosities, luminosities, rows
from model.tracks import isochrone

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

NEAREST, FARTHEST, STEPS = 0.02, 40.0, 80
"""Distances planned for, kpc."""
HEADROOM = 3.0
"""How much denser than its cell's centre a place may be and still be drawn as often as it should."""


@dataclass(frozen=True, eq=False)
class Sample:
    """Stars that were taken: one entry per star in each array.

    Attributes
    ----------
    plate : number of the plate.
    component : number in galaxy.COMPONENTS.
    ra, dec : degrees.
    distance : kpc.
    R, phi, z : Galactocentric, kpc and radians.
    age : Gyr.
    fe_h : dex.
    birth_radius : kpc.
    teff, logg : K and dex.
    a_v : extinction, mag.
    g : apparent Gaia magnitude.
    """

    plate: Integers
    component: Integers
    ra: Floats
    dec: Floats
    distance: Floats
    R: Floats
    phi: Floats
    z: Floats
    age: Floats
    fe_h: Floats
    birth_radius: Floats
    teff: Floats
    logg: Floats
    a_v: Floats
    g: Floats

    def __len__(self) -> int:
        """Number of stars."""
        return len(self.ra)

    def take(self, which: Integers | NDArray[np.bool_]) -> "Sample":
        """Some of the stars."""
        return Sample(**{field.name: getattr(self, field.name)[which] for field in fields(self)})

    def join(self, *others: "Sample") -> "Sample":
        """These stars, then the others'."""
        return Sample(
            **{
                field.name: np.concatenate([getattr(each, field.name) for each in (self, *others)])
                for field in fields(self)
            }
        )


@dataclass(frozen=True, eq=False)
class Plan:
    """What the survey can see.

    Attributes
    ----------
    plates : where it looks and how deep.
    light : brightness functions.
    frame : where the Sun is.
    cumulative : running share of the survey's stars over plates, distances and components.
    expected : stars per kpc^3 that pass the limits at the centre of each cell.
    """

    plates: Plates
    light: Luminosities
    frame: SolarFrame
    cumulative: Floats
    expected: Floats


def _edges() -> Floats:
    return np.geomspace(NEAREST, FARTHEST, STEPS + 1)


def modulus(distance: Floats, a_v: Floats) -> Floats:
    """Apparent minus absolute G magnitude; distance in kpc."""
    return 10 + 5 * np.log10(distance) + G_PER_V * a_v


def plan_survey(random: np.random.Generator, frame: SolarFrame) -> Plan:
    """Plan a survey.

    Parameters
    ----------
    random : source of random numbers; the same state gives the same plan.
    frame : where the Sun is.
    """
    field = plates(random)
    light = luminosities()
    edges = _edges()
    distance = np.sqrt(edges[1:] * edges[:-1])
    volume = np.diff(edges**3) / 3
    longitude, latitude = galactic(field.ra, field.dec)
    R, _, z = (
        each.reshape(len(field), STEPS)
        for each in cylindrical(
            np.repeat(field.ra, STEPS),
            np.repeat(field.dec, STEPS),
            np.tile(distance, len(field)),
            frame=frame,
        )
    )
    a_v = extinction(longitude[:, None], latitude[:, None], distance[None, :], field.clumps[:, None])
    shift = modulus(distance[None, :], a_v)
    expected = np.empty((len(field), STEPS, len(COMPONENTS)))
    for number, component in enumerate(COMPONENTS):
        row = rows(np.full(R.shape, number), typical_metallicity(number, R))
        seen = light.share(row, field.faint[:, None] - shift) - light.share(
            row, field.bright[:, None] - shift
        )
        expected[..., number] = component.density(R, z) * light.total[row] * seen
    found = expected * volume[None, :, None]
    found *= (field.share / found.sum(axis=(1, 2)))[:, None, None]
    cumulative = np.cumsum(found.ravel())
    return Plan(field, light, frame, cumulative / cumulative[-1], expected.ravel())


def _proposals(plan: Plan, count: int, random: np.random.Generator) -> Sample:
    """Stars at places of their own, some of them too many; `g` not yet set."""
    cell = np.searchsorted(plan.cumulative, random.random(count), side="right")
    plate, rest = np.divmod(cell, STEPS * len(COMPONENTS))
    step, component = np.divmod(rest, len(COMPONENTS))
    edges = _edges()
    distance = np.cbrt(edges[step] ** 3 + random.random(count) * (edges[step + 1] ** 3 - edges[step] ** 3))
    ra, dec = scatter_in_plates(plan.plates.ra[plate], plan.plates.dec[plate], random)
    R, phi, z = cylindrical(ra, dec, distance, frame=plan.frame)
    youngest, oldest = np.array([each.ages for each in COMPONENTS])[component].T
    age = youngest + random.random(count) * (oldest - youngest)
    birth_radius, fe_h = birth(component, R, age, random)
    a_v = extinction(*galactic(ra, dec), distance, plan.plates.clumps[plate])
    wanted = np.empty(count)
    for number, each in enumerate(COMPONENTS):
        here = component == number
        wanted[here] = each.density(R[here], z[here])
    bright, faint = _limits(plan, plate, component, fe_h, modulus(distance, a_v))
    wanted *= plan.light.total[rows(component, fe_h)] * (faint - bright)
    kept = random.random(count) * HEADROOM * plan.expected[cell] < wanted
    empty = np.full(count, np.nan)
    return Sample(
        plate, component, ra, dec, distance, R, phi, z, age, fe_h, birth_radius, empty, empty, a_v, empty
    ).take(kept)


def _limits(
    plan: Plan, plate: Integers, component: Integers, fe_h: Floats, shift: Floats
) -> tuple[Floats, Floats]:
    row = rows(component, fe_h)
    return plan.light.share(row, plan.plates.bright[plate] - shift), plan.light.share(
        row, plan.plates.faint[plate] - shift
    )


def endow(plan: Plan, places: Sample, random: np.random.Generator) -> tuple[Sample, NDArray[np.bool_]]:
    """Give each place a star its plate can see.

    Parameters
    ----------
    plan : of the survey.
    places : whose plate, component, distance, age, fe_h and a_v are used.
    random : source of random numbers.

    Returns
    -------
    places with teff, logg and g, without those (a few per cent) whose star misses the plate's limits; and
    which of the given ones are left.
    """
    shift = modulus(places.distance, places.a_v)
    bright, faint = _limits(plan, places.plate, places.component, places.fe_h, shift)
    share = bright + random.random(len(places)) * (faint - bright)
    phase = plan.light.phase(rows(places.component, places.fe_h), share, random)
    stars = isochrone(places.age, places.fe_h, phase)
    g = stars.absolute_g + shift
    seen = (g > plan.plates.bright[places.plate]) & (g < plan.plates.faint[places.plate]) & (faint > bright)
    kept = seen & (stars.teff > COOLEST) & (stars.teff < HOTTEST)
    return replace(places, teff=stars.teff, logg=stars.logg, g=g).take(kept), kept


def draw(plan: Plan, count: int, random: np.random.Generator) -> Sample:
    """Draw stars from a plan.

    Parameters
    ----------
    plan : of the survey.
    count : how many.
    random : source of random numbers.

    Returns
    -------
    Sample of exactly `count` stars.
    """
    got: list[Sample] = []
    while (missing := count - sum(map(len, got))) > 0:
        got.append(endow(plan, _proposals(plan, int(missing * HEADROOM * 1.15) + 100, random), random)[0])
    first, *others = got
    return first.join(*others).take(np.arange(count))
