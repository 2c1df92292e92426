"""From the sky to the Galaxy: positions and velocities in Galactocentric cylindrical coordinates.

The rotation is astropy's Galactocentric frame in plain 3x3 matrices. Right-handed axes x, y, z stand at the
Galactic centre: x from the Sun's side towards the centre and beyond, y with Galactic rotation, z north.
"""

import math
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Vector = tuple[Floats, Floats, Floats]

_KM_S_PER_KPC_MAS_YR = 149_597_870.7 / 31_557_600
"""One au per Julian year in km/s (IAU 2012 Resolution B2), which is 1 kpc times 1 mas/yr."""


def _rotation(axis: int, degrees: float) -> Floats:
    """Matrix that turns the axes by an angle about one of them (0, 1, 2 for x, y, z)."""
    sine, cosine = math.sin(math.radians(degrees)), math.cos(math.radians(degrees))
    matrix = np.eye(3)
    first, second = (axis + 1) % 3, (axis + 2) % 3
    matrix[first, first] = matrix[second, second] = cosine
    matrix[first, second], matrix[second, first] = sine, -sine
    return matrix


_MAS = 1 / 3_600_000
_FRAME_BIAS = _rotation(0, 19.9 * _MAS) @ _rotation(1, 9.1 * _MAS) @ _rotation(2, -22.9 * _MAS)
_FROM_FK5 = (
    _rotation(2, 180 - 122.9319185680026)
    @ _rotation(1, 90 - 27.12825118085622)
    @ _rotation(2, 192.8594812065348)
)
_TO_GALACTIC = _FROM_FK5 @ _FRAME_BIAS
"""ICRS to Galactic by way of FK5, with astropy's angles; the bias is that of USNO Circular 179."""

_TO_CENTRE = _rotation(0, 58.5986320306) @ _rotation(1, 28.936175) @ _rotation(2, 266.4051)
"""ICRS to axes that point at the Galactic centre, as astropy's Galactocentric: 0.4 arcsec from Galactic."""


@dataclass(frozen=True)
class SolarFrame:
    """Where the Sun is and how it moves, which fixes what every Galactocentric number means.

    Defaults follow the paper (5.1) with two slips mended: Juric et al. (2008) put the Sun 25 pc above the
    plane, not 250, and Schoenrich's 11.1 km/s points to the Galactic centre.

    Attributes
    ----------
    R0 : distance of the Sun from the Galaxy's axis, kpc.
    z_sun : height of the Sun above the plane, kpc.
    U, V, W : the Sun's velocity about the centre, towards centre, rotation and north, km/s.

    Raises
    ------
    ValueError
        A value is not finite, R0 is not positive, V is negative, or z_sun is not small beside R0.
    """

    R0: float = 8.0
    z_sun: float = 0.025
    U: float = 11.1
    V: float = 232.24
    W: float = 7.25

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if not math.isfinite(value):
                raise ValueError(f"SolarFrame got {field.name} = {value}: give a finite number")
        if self.R0 <= 0:
            raise ValueError(f"SolarFrame got R0 = {self.R0} kpc: give a positive distance, such as 8.0")
        if abs(self.z_sun) >= self.R0:
            raise ValueError(
                f"SolarFrame got z_sun = {self.z_sun} kpc beside R0 = {self.R0} kpc: give kpc, such as 0.025"
            )
        if self.V < 0:
            raise ValueError(
                f"SolarFrame got V = {self.V} km/s: give the speed with Galactic rotation, as 232.24"
            )

    @property
    def name(self) -> str:
        """The choice in words, for the metadata of catalogues."""
        return (
            f"Sun at R = {self.R0:g} kpc, z = {1000 * self.z_sun:g} pc, moving at ({self.U:g}, {self.V:g}, "
            f"{self.W:g}) km/s towards (Galactic centre, rotation, north)"
        )

    @property
    def rotation(self) -> Floats:
        """Matrix from ICRS axes to Galactocentric ones, tilted so that the plane passes below the Sun."""
        return _rotation(1, -math.degrees(math.atan2(self.z_sun, self.R0))) @ _TO_CENTRE

    @property
    def position(self) -> Floats:
        """Galactocentric x, y, z of the Sun, kpc."""
        return np.array([-self.R0, 0.0, self.z_sun])

    @property
    def velocity(self) -> Floats:
        """Galactocentric velocity of the Sun along x, y, z, km/s."""
        return np.array([self.U, self.V, self.W])


DEFAULT_FRAME = SolarFrame()
"""The frame used where none is given."""


@dataclass(frozen=True, eq=False)
class PhaseSpace:
    """Galactocentric cylindrical positions and velocities of stars, as galpy counts them (left-handed).

    Attributes
    ----------
    R : distance from the Galaxy's axis, kpc.
    phi : azimuth in radians: 0 at the Sun, growing with Galactic rotation.
    z : height above the plane towards the north Galactic pole, kpc.
    vR, vT, vz : velocity away from the axis, with rotation (the disc's is positive) and north, km/s.
    """

    R: Floats
    phi: Floats
    z: Floats
    vR: Floats
    vT: Floats
    vz: Floats


def galactocentric(
    ra: ArrayLike,
    dec: ArrayLike,
    distance: ArrayLike,
    pmra: ArrayLike,
    pmdec: ArrayLike,
    rv: ArrayLike,
    *,
    frame: SolarFrame = DEFAULT_FRAME,
) -> PhaseSpace:
    """Galactocentric phase space of stars from what is seen from the Sun.

    A star that cannot be placed (a declination beyond the poles; a distance that is zero, negative or
    infinite, as a bad parallax gives) is NaN throughout; other missing input spoils only what rests on it.

    Parameters
    ----------
    ra, dec : ICRS position, degrees.
    distance : heliocentric distance, kpc.
    pmra, pmdec : proper motion, mas/yr; `pmra` times cos(dec), as Gaia gives it.
    rv : heliocentric radial velocity, km/s.
    frame : position and motion of the Sun.

    Returns
    -------
    PhaseSpace
        Arrays of the shape to which the inputs broadcast.

    Raises
    ------
    ValueError
        The shapes do not broadcast.
    """
    shape = _common_shape(ra=ra, dec=dec, distance=distance, pmra=pmra, pmdec=pmdec, rv=rv)
    with np.errstate(invalid="ignore", over="ignore", divide="ignore"):
        away, east, north = _sky_axes(ra, dec)
        far = _placed(np.broadcast_to(distance, shape))
        x, y, z = _from_sun(away, far, frame)
        mu_east, mu_north = (_KM_S_PER_KPC_MAS_YR * far * _floats(mu) for mu in (pmra, pmdec))
        motion = _sum(_scaled(away, _floats(rv)), _scaled(east, mu_east), _scaled(north, mu_north))
        vx, vy, vz = _sum(_turned(frame.rotation, motion), frame.velocity)
        R = np.hypot(x, y)
        vR = (x * vx + y * vy) / R
        vT = (y * vx - x * vy) / R
    return PhaseSpace(R, np.arctan2(y, -x), z, vR, vT, vz)


def cylindrical(
    ra: ArrayLike, dec: ArrayLike, distance: ArrayLike, *, frame: SolarFrame = DEFAULT_FRAME
) -> tuple[Floats, Floats, Floats]:
    """Positions alone: R (kpc), phi (radians), z (kpc), as in `galactocentric`."""
    shape = _common_shape(ra=ra, dec=dec, distance=distance)
    with np.errstate(invalid="ignore", over="ignore"):
        x, y, z = _from_sun(_sky_axes(ra, dec)[0], _placed(np.broadcast_to(distance, shape)), frame)
        return np.hypot(x, y), np.arctan2(y, -x), z


def heliocentric(
    stars: PhaseSpace, *, frame: SolarFrame = DEFAULT_FRAME
) -> tuple[Floats, Floats, Floats, Floats, Floats, Floats]:
    """Undo `galactocentric`: what an observer at the Sun sees of stars.

    Parameters
    ----------
    stars : phase space of the stars.
    frame : position and motion of the Sun.

    Returns
    -------
    tuple
        ra in [0, 360), dec (ICRS, degrees), distance (kpc), pmra times cos(dec), pmdec (mas/yr), rv (km/s).
    """
    R, phi, z, vR, vT, vz = (_floats(getattr(stars, field.name)) for field in fields(stars))
    back = frame.rotation.T
    with np.errstate(invalid="ignore", over="ignore", divide="ignore"):
        sine, cosine = np.sin(phi), np.cos(phi)
        place = (-R * cosine, R * sine, z)
        motion = (vT * sine - vR * cosine, vR * sine + vT * cosine, vz)
        ra, dec, distance = _spherical(*_turned(back, _sum(place, -frame.position)))
        velocity = _turned(back, _sum(motion, -frame.velocity))
        rv, east, north = (_dot(axis, velocity) for axis in _sky_axes(ra, dec))
        per_kpc = _KM_S_PER_KPC_MAS_YR * distance
        return ra, dec, distance, east / per_kpc, north / per_kpc, rv


def galactic(ra: ArrayLike, dec: ArrayLike) -> tuple[Floats, Floats]:
    """Galactic longitude in [0, 360) and latitude from ICRS position, all in degrees."""
    _common_shape(ra=ra, dec=dec)
    with np.errstate(invalid="ignore"):
        return _spherical(*_turned(_TO_GALACTIC, _sky_axes(ra, dec)[0]))[:2]


def equatorial(longitude: ArrayLike, latitude: ArrayLike) -> tuple[Floats, Floats]:
    """ICRS right ascension in [0, 360) and declination from Galactic position, all in degrees."""
    _common_shape(longitude=longitude, latitude=latitude)
    with np.errstate(invalid="ignore"):
        return _spherical(*_turned(_TO_GALACTIC.T, _sky_axes(longitude, latitude)[0]))[:2]


def face_on(R: ArrayLike, phi: ArrayLike) -> tuple[Floats, Floats]:
    """X and Y (kpc) of the map from above: right-handed, the Sun at X = +R0, rotation towards -Y.

    Parameters
    ----------
    R, phi : as in `PhaseSpace`, kpc and radians.
    """
    R, phi = _floats(R), _floats(phi)
    return R * np.cos(phi), -R * np.sin(phi)


def handedness(longitude: ArrayLike, Y: ArrayLike) -> float:
    """Share of stars that lie on the side of the Galaxy which their Galactic longitude says.

    At any distance, a star at a longitude below 180 degrees is ahead of the Sun in rotation: Y < 0 here.
    A foreign catalogue that follows our convention scores 1, a mirrored one 0; for its azimuth, give
    ``face_on(R, phi)[1]``. An azimuth counted from the far side of the centre (the Sun at 180 degrees)
    mirrors Y too, but shows by X: most stars of a survey from the Sun have X > 0.

    Parameters
    ----------
    longitude : Galactic longitude, degrees.
    Y : catalogue's coordinate across the line from the Sun to the Galactic centre.

    Returns
    -------
    float
        NaN where no star has both, off that line.
    """
    with np.errstate(invalid="ignore"):
        side = np.sin(np.radians(_floats(longitude))) * _floats(Y)
    decided = np.isfinite(side) & (side != 0)
    return float(np.mean(side[decided] < 0)) if decided.any() else math.nan


def _floats(values: ArrayLike) -> Floats:
    return np.asarray(values, dtype=np.float64)


def _common_shape(**given: ArrayLike) -> tuple[int, ...]:
    shapes = {name: np.shape(values) for name, values in given.items()}
    try:
        return np.broadcast_shapes(*shapes.values())
    except ValueError:
        listed = ", ".join(f"{name} {shape}" for name, shape in shapes.items())
        raise ValueError(
            f"shapes do not fit together: {listed}; give arrays of one length, or single numbers"
        ) from None


def _dot(a: Vector, b: Vector) -> Floats:
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]


def _turned(matrix: Floats, vector: Vector) -> Vector:
    return _dot(matrix[0], vector), _dot(matrix[1], vector), _dot(matrix[2], vector)


def _scaled(vector: Vector, factor: Floats) -> Vector:
    return vector[0] * factor, vector[1] * factor, vector[2] * factor


def _sum(first: Vector, *others: Vector | Floats) -> Vector:
    x, y, z = first
    for other in others:
        x, y, z = x + other[0], y + other[1], z + other[2]
    return x, y, z


def _sky_axes(longitude: ArrayLike, latitude: ArrayLike) -> tuple[Vector, Vector, Vector]:
    """Give unit vectors away from the observer, east and north at points of the sky (degrees)."""
    lon, lat = np.radians(_floats(longitude)), np.radians(_floats(latitude))
    lat = np.where(np.abs(lat) <= math.pi / 2, lat, np.nan)
    sin_lon, cos_lon, sin_lat, cos_lat = np.sin(lon), np.cos(lon), np.sin(lat), np.cos(lat)
    away = (cos_lat * cos_lon, cos_lat * sin_lon, sin_lat)
    return away, (-sin_lon, cos_lon, np.zeros(())), (-sin_lat * cos_lon, -sin_lat * sin_lon, cos_lat)


def _spherical(x: Floats, y: Floats, z: Floats) -> tuple[Floats, Floats, Floats]:
    """Longitude in [0, 360), latitude (degrees) and length of vectors."""
    across = np.hypot(x, y)
    longitude = np.degrees(np.arctan2(y, x)) % 360 % 360
    return longitude, np.degrees(np.arctan2(z, across)), np.hypot(across, z)


def _placed(distance: ArrayLike) -> Floats:
    far = _floats(distance)
    return np.where((far > 0) & (far < np.inf), far, np.nan)


def _from_sun(away: Vector, far: Floats, frame: SolarFrame) -> Vector:
    """Galactocentric x, y, z of points seen in directions `away` at distances `far`."""
    return _sum(_scaled(_turned(frame.rotation, away), far), frame.position)
