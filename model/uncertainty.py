"""Errors of phase space and actions: Monte Carlo draws over distance, proper motion and radial velocity.

It takes some 80 ms of one core per star and 1000 draws, nearly all of it in the actions: it is for subsets.
Threads are those of galpy's C code alone (see `actions`): with workers side by side set OMP_NUM_THREADS=1.

Draws of a star follow from the seed and its identifier, by numpy's counter-based Philox, and from nothing
else: neither from other stars nor from how many are drawn at once. The first of 1000 are those of 100.

Distances come from two halves of normal distributions, of widths distance - low and high - distance, which
meet at the distance and end at 0. With ``centre="mode"`` the halves are equally high where they meet: the
distance is then the mode, and low to high the interval of highest density that holds 68.3 %, as
Bailer-Jones et al. (2018) give them. With ``centre="median"`` they hold one half each: low, distance and high
are then the 16th, 50th and 84th percentiles, as in later catalogues. Parallax, and its correlations with
proper motion, are not used; nor are errors of position.
"""

from dataclasses import dataclass, fields
from typing import Literal, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtr, ndtri

from model.actions import Delta, orbital_energy, staeckel_actions
from model.kinematics import DEFAULT_FRAME, PhaseSpace, SolarFrame, galactocentric

Floats = NDArray[np.float64]
Centre = Literal["mode", "median"]

PERCENTILES = (16.0, 50.0, 84.0)
QUANTITIES = ("R", "phi", "z", "vR", "vT", "vz", "J_R", "J_phi", "J_z")

_AT_ONCE = 100_000
"""Draws computed at once, which take some 20 MB."""


@dataclass(frozen=True, eq=False)
class Observed:
    """What was observed of N stars, with errors; every array is (N,), NaN where missing.

    Attributes
    ----------
    star : identifiers, whole numbers. Stars that share one share their draws.
    ra, dec : ICRS position, degrees.
    distance, distance_lo, distance_hi : distance and the ends of its 68 % interval, kpc.
    pmra, pmdec, e_pmra, e_pmdec : proper motion (`pmra` times cos(dec)) and its errors, mas/yr.
    rv, e_rv : radial velocity and its error, km/s.
    pm_corr : correlation of the errors of pmra and pmdec; none where missing.

    Raises
    ------
    ValueError
        Lengths differ, identifiers are no whole numbers, or a correlation is beyond -1 and 1.
    """

    star: NDArray[np.integer]
    ra: ArrayLike
    dec: ArrayLike
    distance: ArrayLike
    distance_lo: ArrayLike
    distance_hi: ArrayLike
    pmra: ArrayLike
    pmdec: ArrayLike
    e_pmra: ArrayLike
    e_pmdec: ArrayLike
    rv: ArrayLike
    e_rv: ArrayLike
    pm_corr: ArrayLike = 0.0

    def __post_init__(self) -> None:
        shape = self.star.shape
        if len(shape) != 1 or self.star.dtype.kind not in "iu":
            raise ValueError("star is no list of whole numbers: give identifiers, such as Gaia's source_id")
        for field in fields(self)[1:]:
            given = np.shape(getattr(self, field.name))
            if given not in (shape, ()):
                raise ValueError(f"{field.name} has shape {given}, star {shape}: give one value per star")
        if np.any(np.abs(np.asarray(self.pm_corr, dtype=np.float64)) > 1):
            raise ValueError("a correlation pm_corr is beyond -1 and 1: give Gaia's pmra_pmdec_corr")

    def rows(self, rows: slice) -> "Observed":
        """Some of the stars."""
        shape = self.star.shape
        others = (np.asarray(getattr(self, field.name), np.float64) for field in fields(self)[1:])
        return Observed(self.star[rows], *(np.broadcast_to(values, shape)[rows] for values in others))


@dataclass(frozen=True, eq=False)
class Uncertainty:
    """Spread of what follows for N stars: 16th, 50th and 84th percentile, (N, 3), of each quantity.

    NaN where nothing could be drawn. Those of J_R and J_z are of the draws that have them: read them beside
    `failed`.

    Attributes
    ----------
    draws : number of draws per star.
    seed : that they were made with.
    R, z : kpc.
    phi : radians. No draw is on the other side of pi: lines of sight from the Sun do not cross it.
    vR, vT, vz : km/s.
    J_R, J_phi, J_z : kpc km/s.
    unbound : share of the draws with phase space in which the star is unbound, (N,).
    failed : share of them in which its actions could not be had: unbound, or nearly, (N,).
    """

    draws: int
    seed: int
    R: Floats
    phi: Floats
    z: Floats
    vR: Floats
    vT: Floats
    vz: Floats
    J_R: Floats
    J_phi: Floats
    J_z: Floats
    unbound: Floats
    failed: Floats


def uncertainty(
    stars: Observed,
    *,
    draws: int = 1000,
    seed: int = 1,
    centre: Centre = "mode",
    frame: SolarFrame = DEFAULT_FRAME,
    potential: str = "MWPotential2014",
    delta: Delta = "per-star",
) -> Uncertainty:
    """Percentiles of phase space and actions over draws within the errors of stars.

    Parameters
    ----------
    stars : what was observed.
    draws : number per star.
    seed : any whole number from 0 to 2^64 - 1.
    centre : what the distance is of its distribution, see above.
    frame, potential, delta : as for `galactocentric` and `staeckel_actions`.

    Raises
    ------
    ValueError
        As `drawn_phase_space` and `staeckel_actions`.
    """
    found = []
    step = max(_AT_ONCE // max(draws, 1), 1)
    for first in range(0, max(len(stars.star), 1), step):
        some = stars.rows(slice(first, first + step))
        drawn = drawn_phase_space(some, draws=draws, seed=seed, centre=centre, frame=frame)
        found.append(_described(drawn, potential, delta))
    return Uncertainty(draws, seed, *(np.concatenate(parts) for parts in zip(*found, strict=True)))


def drawn_phase_space(
    stars: Observed, *, draws: int, seed: int, centre: Centre = "mode", frame: SolarFrame = DEFAULT_FRAME
) -> PhaseSpace:
    """Phase space of each draw of each star, (N, draws). Parameters as for `uncertainty`.

    Raises
    ------
    ValueError
        There is no draw, or the seed or centre is none.
    """
    if draws < 1 or not 0 <= seed < 2**64 or centre not in get_args(Centre):
        raise ValueError(
            f"draws = {draws}, seed = {seed}, centre = {centre!r}: give a draw or more, a seed of 0 to "
            '2^64 - 1, and "mode" or "median"'
        )
    seen = {field.name: _column(getattr(stars, field.name)) for field in fields(stars)[1:]}
    chance = np.array([_chance(star, draws, seed) for star in stars.star]).reshape(-1, 4, draws)
    distance = drawn_distance(
        chance[:, 0], seen["distance"], seen["distance_lo"], seen["distance_hi"], centre=centre
    )
    normal = ndtri(chance[:, 1:])
    tie = np.nan_to_num(seen["pm_corr"])
    pmra = seen["pmra"] + _spread(seen["e_pmra"]) * normal[:, 0]
    across = tie * normal[:, 0] + np.sqrt(1 - tie**2) * normal[:, 1]
    pmdec = seen["pmdec"] + _spread(seen["e_pmdec"]) * across
    rv = seen["rv"] + _spread(seen["e_rv"]) * normal[:, 2]
    return galactocentric(seen["ra"], seen["dec"], distance, pmra, pmdec, rv, frame=frame)


def drawn_distance(
    share: ArrayLike, distance: ArrayLike, low: ArrayLike, high: ArrayLike, *, centre: Centre = "mode"
) -> Floats:
    """Distances below which given shares of the distribution lie: its quantile function.

    Parameters
    ----------
    share : between 0 and 1, both left out.
    distance, low, high : distance and the ends of its 68 % interval, kpc; all broadcast.
    centre : see above.

    Returns
    -------
    ndarray
        kpc; NaN unless 0 < distance and low <= distance <= high.
    """
    u, at = np.asarray(share, dtype=np.float64), np.asarray(distance, dtype=np.float64)
    near, far = at - np.asarray(low, dtype=np.float64), np.asarray(high, dtype=np.float64) - at
    sound = (at > 0) & (near >= 0) & (far >= 0) & np.isfinite(near + far)
    with np.errstate(divide="ignore", invalid="ignore"):
        cut = ndtr(-at / near)
        kept = 0.5 - cut
        below = np.where(near + far > 0, near * kept / (near * kept + far * 0.5), 0.5)
        below = below if centre == "mode" else np.full(below.shape, 0.5)
        nearer = at + near * ndtri(cut + np.minimum(u / below, 1) * kept)
        farther = at + far * ndtri(0.5 + 0.5 * np.maximum((u - below) / (1 - below), 0))
        return np.where(sound, np.where(u < below, nearer, farther), np.nan)


def _chance(star: int, draws: int, seed: int) -> Floats:
    """Numbers between 0 and 1, both left out, (4, draws): a row each for distance, proper motions and rv."""
    bits = np.random.Philox(key=np.array([seed, int(star) % 2**64], dtype=np.uint64)).random_raw(4 * draws)
    return ((bits >> np.uint64(11)).astype(np.float64) + 0.5).reshape(draws, 4).T * 2.0**-53


def _column(values: ArrayLike) -> Floats:
    return np.asarray(values, dtype=np.float64)[..., np.newaxis]


def _spread(error: Floats) -> Floats:
    """Errors, NaN where they are negative."""
    return np.where(error >= 0, error, np.nan)


def _described(drawn: PhaseSpace, potential: str, delta: Delta) -> tuple[Floats, ...]:
    """The arrays of `Uncertainty`."""
    actions = staeckel_actions(drawn, potential=potential, delta=delta)
    energy = orbital_energy(drawn, potential=potential)
    places = (drawn.R, drawn.phi, drawn.z, drawn.vR, drawn.vT, drawn.vz)
    values = (*places, actions.J_R, actions.J_phi, actions.J_z)
    return *(percentiles(some) for some in values), *shares(energy, actions.failed)


def shares(energy: Floats, failed: NDArray[np.bool_]) -> tuple[Floats, Floats]:
    """Shares of the draws with phase space, (..., D), that are unbound and that have no actions, (...,) each.

    Parameters
    ----------
    energy : relative to escape, NaN where a draw lacks some of its phase space.
    failed : whether its actions could not be had.

    Returns
    -------
    unbound, failed
        NaN where no draw has phase space.
    """
    complete = np.isfinite(energy)
    count = np.where(complete.any(axis=-1), complete.sum(axis=-1), np.nan)
    unbound, lacking = (np.sum(flags & complete, axis=-1) / count for flags in (energy >= 0, failed))
    return unbound, lacking


def percentiles(values: Floats) -> Floats:
    """16th, 50th and 84th percentile of each row without its NaN, (N, D) -> (N, 3); linear between values."""
    rows = np.sort(values, axis=1)
    last = np.maximum(np.count_nonzero(~np.isnan(rows), axis=1, keepdims=True) - 1, 0)
    place = last * (np.array(PERCENTILES) / 100)
    below = np.floor(place).astype(np.int64)
    low, high = (np.take_along_axis(rows, at, axis=1) for at in (below, np.minimum(below + 1, last)))
    found: Floats = low + (place - below) * (high - low)
    return found
