"""The sky of the mock survey: round plates of LAMOST's size over the north, dense around the anticentre.

LAMOST's field of view is 5 degrees across, and it observes from declination -10 (Zhao et al. 2012, RAA 12,
723). Regions, depths and shares are ours, in the manner of the survey.
"""

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from model.kinematics import galactic

Floats = NDArray[np.float64]

PLATE_RADIUS = 2.5
"""Degrees."""
DEC_LOW, DEC_HIGH = -10.0, 80.0
"""No star of a plate lies beyond, degrees."""
SPACING = 2.9
"""Typical distance of neighbouring plates, degrees: they overlap."""

DEPTHS = (
    ("V", 9.0, 14.0, 0.54, 0.30, 0.90),
    ("B", 12.0, 15.6, 0.27, 0.33, 0.75),
    ("M", 13.6, 16.7, 0.14, 0.26, 0.60),
    ("F", 15.0, 17.6, 0.05, 0.11, 0.35),
)
"""Kind of plate, bright and faint limit in G, its share of a field's stars elsewhere and at the anticentre,
and the share of fields that have one."""
CLUMPINESS = 0.25
"""Spread of the logarithm of extinction from field to field."""
WINTER_ZEAL = 1.1
"""Fields at the anticentre get so many more stars, in units of what others get."""
DEPTH_SPREAD = 0.5
"""Spread of the limits from plate to plate, mag: no plate has the same night."""


@dataclass(frozen=True, eq=False)
class Plates:
    """Plates of the survey; arrays of one length.

    Attributes
    ----------
    name : text of fixed width.
    ra, dec : centre, degrees.
    bright, faint : limits in G, mag.
    clumps : how much dustier than the smooth disc its direction is.
    share : part of the survey's stars taken with the plate; 0 where it is filled otherwise.
    """

    name: NDArray[np.bytes_]
    ra: Floats
    dec: Floats
    bright: Floats
    faint: Floats
    clumps: Floats
    share: Floats

    def __len__(self) -> int:
        """Number of plates."""
        return len(self.ra)

    def take(self, which: NDArray[np.bool_]) -> "Plates":
        """Some of the plates."""
        return Plates(**{field.name: getattr(self, field.name)[which] for field in fields(self)})


def _spiral(count: int) -> tuple[Floats, Floats]:
    """Points spread evenly over the sphere along a golden spiral: ra, dec in degrees."""
    step = np.arange(count, dtype=np.float64) + 0.5
    ra = (step * 137.50776405003785) % 360.0
    return ra, np.degrees(np.arcsin(1 - 2 * step / count))


def _winter(ra: Floats, dec: Floats) -> Floats:
    """How much a field belongs to the survey of the anticentre, 0 to 1."""
    longitude, latitude = galactic(ra, dec)
    away = np.abs(longitude - 180.0)
    winter: Floats = 1 / (1 + np.exp((away - 48.0) / 4.0)) / (1 + np.exp((np.abs(latitude) - 37.0) / 2.5))
    return winter


def _coverage(ra: Floats, dec: Floats) -> Floats:
    """How likely a field is observed."""
    longitude, latitude = galactic(ra, dec)
    north = 0.62 / (1 + np.exp(-(latitude - 28.0) / 4.0))
    south = 0.85 / (1 + np.exp((latitude + 25.0) / 4.0))
    plane = 0.30 * (np.abs(latitude) < 30.0)
    kepler = 0.9 * (np.hypot((longitude - 76.0) * np.cos(np.radians(13.5)), latitude - 13.5) < 8.0)
    rain = np.where((ra > 265.0) & (ra < 340.0), 0.7, 1.0)
    covered: Floats = rain * np.maximum.reduce([_winter(ra, dec), north, south, plane, kepler])
    return covered


def _visits(random: np.random.Generator) -> tuple[Floats, Floats]:
    """Centres of the fields that are observed."""
    ra, dec = _spiral(int(41253 / SPACING**2))
    dec = dec + random.normal(0, 0.5, dec.size)
    ra = (ra + random.normal(0, 0.5, ra.size) / np.cos(np.radians(np.clip(dec, -80, 80)))) % 360.0
    seen = (dec > DEC_LOW + PLATE_RADIUS + 0.01) & (dec < DEC_HIGH - PLATE_RADIUS)
    ra, dec = ra[seen], dec[seen]
    chosen = random.random(ra.size) < _coverage(ra, dec)
    return ra[chosen], dec[chosen]


def plates(random: np.random.Generator) -> Plates:
    """Plates of the survey: each observed field with several depths.

    Parameters
    ----------
    random : source of random numbers; the same state gives the same plates.
    """
    ra, dec = _visits(random)
    depth = np.arange(len(DEPTHS))
    field, kind = (each.ravel() for each in np.meshgrid(np.arange(ra.size), depth, indexing="ij"))
    bright, faint, elsewhere, winter, common = np.array([row[1:] for row in DEPTHS])[kind].T
    season = _winter(ra, dec)[field]
    share = (elsewhere + (winter - elsewhere) * season) * (1 + WINTER_ZEAL * season)
    share *= random.lognormal(0, 0.35, field.size) * (random.random(field.size) < common)
    shift = DEPTH_SPREAD * random.standard_normal((2, field.size))
    names = [f"MOCK{field[i]:04d}-{DEPTHS[kind[i]][0]}" for i in range(field.size)]
    everything = Plates(
        name=np.array(names, dtype="S16"),
        ra=ra[field],
        dec=dec[field],
        bright=bright + shift[0],
        faint=faint + shift[1],
        clumps=random.lognormal(0, CLUMPINESS, ra.size)[field],
        share=share / share.sum(),
    )
    return everything.take(share > 0)


def scatter_in_plates(ra: Floats, dec: Floats, random: np.random.Generator) -> tuple[Floats, Floats]:
    """Places spread evenly over plates.

    Parameters
    ----------
    ra, dec : centres, degrees, one per star.
    random : source of random numbers.

    Returns
    -------
    ra, dec of the stars, degrees, within PLATE_RADIUS of the centres.
    """
    away = np.sqrt(random.random(ra.shape)) * np.radians(PLATE_RADIUS)
    turn = 2 * np.pi * random.random(ra.shape)
    return offset(ra, dec, away, turn)


def offset(ra: Floats, dec: Floats, away: Floats, turn: Floats) -> tuple[Floats, Floats]:
    """Move places by an angle.

    Parameters
    ----------
    ra, dec : where from, degrees.
    away, turn : how far and in which position angle, radians.

    Returns
    -------
    ra in [0, 360), dec, degrees.
    """
    centre = np.radians(dec)
    sine = np.sin(centre) * np.cos(away) + np.cos(centre) * np.sin(away) * np.cos(turn)
    new = np.arcsin(np.clip(sine, -1, 1))
    swing = np.arctan2(np.sin(turn) * np.sin(away) * np.cos(centre), np.cos(away) - np.sin(centre) * sine)
    return (ra + np.degrees(swing)) % 360.0, np.degrees(new)
