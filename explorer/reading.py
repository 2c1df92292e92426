"""One LAMOST file after the other, at rest and on the survey's grid, in this process or in others.

What other processes import is kept small: each of them starts with it.
"""

from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from data.lamost import LamostSpectrum, read_spectrum
from data.problem import DataError, UnreachableError
from explorer.interrupt import end_with_parent, held
from model.wavelength import SURVEY_GRID, radial_velocity, resample, rest_frame

AHEAD = 2
"""Batches that other processes may be ahead of this one."""
CHUNK = 16
"""Files that a process is given at once."""
FASTEST = 1000
"""Radial velocity, km/s, beyond which LAMOST's redshift is taken for a mistake."""


@dataclass(frozen=True)
class About:
    """What a file says of its star.

    Attributes
    ----------
    file : its name, without folders.
    obsid : -1 where the file gives none.
    designation : LAMOST's name of the star, "" where the file gives none.
    ra, dec : degrees.
    rv : km/s, from LAMOST's redshift.
    snrg : LAMOST's signal-to-noise ratio in the g band.
    """

    file: str
    obsid: int
    designation: str
    ra: float
    dec: float
    rv: float
    snrg: float


@dataclass(frozen=True)
class LeftOut:
    """A spectrum that is not used.

    Attributes
    ----------
    file : its name, without folders.
    reason : a few words, the same for all that are left out alike.
    detail : what there is to say of this one.
    """

    file: str
    reason: str
    detail: str = ""


@dataclass(frozen=True, eq=False)
class Resampled:
    """A spectrum at rest on the survey's grid, its flux in units of its typical one.

    Attributes
    ----------
    about : its star.
    flux, ivar : (P,) float32 on SURVEY_GRID.
    """

    about: About
    flux: NDArray[np.float32]
    ivar: NDArray[np.float32]


def prepare(path: Path, *, patient: bool = False) -> Resampled | LeftOut:
    """Read one file, or say why it is not used.

    A patient caller would rather stop than go on without a file that is only out of reach for now: raises
    UnreachableError then.
    """
    try:
        spectrum = read_spectrum(path)
    except DataError as problem:
        if patient and isinstance(problem, UnreachableError):
            raise
        return LeftOut(path.name, "cannot be read", str(problem))
    return rest(spectrum)


def rest(spectrum: LamostSpectrum) -> Resampled | LeftOut:
    """Bring a star's spectrum to rest and on to the survey's grid, or say why it is not used."""
    if spectrum.object_class not in ("STAR", ""):
        return LeftOut(spectrum.path.name, f"LAMOST's class is {spectrum.object_class}, not STAR")
    if not spectrum.z > -1:
        return LeftOut(spectrum.path.name, "no redshift")
    about = _about(spectrum)
    if abs(about.rv) > FASTEST:
        return LeftOut(about.file, f"LAMOST's velocity is beyond {FASTEST} km/s", f"{about.rv:.0f} km/s")
    return at_rest(about, spectrum.wavelength, spectrum.z, spectrum.flux, spectrum.ivar)


def at_rest(
    about: About,
    wavelength: NDArray[np.float64],
    z: float,
    observed: NDArray[np.float32],
    weight: NDArray[np.float32],
) -> Resampled | LeftOut:
    """Shift a spectrum to rest and bring it on to the survey's grid.

    Parameters
    ----------
    about : its star.
    wavelength, observed, weight : (N,), A in vacuum, flux of any unit and inverse variance, as observed.
    z : redshift.
    """
    flux, ivar = resample(rest_frame(wavelength, z), observed, weight, SURVEY_GRID)
    # Fluxes of any unit stay within single precision: the continuum takes the unit out anyhow.
    unit = np.median(np.abs(flux[ivar > 0])) if (ivar > 0).any() else 0.0
    if not unit > 0:
        return LeftOut(about.file, "too few usable pixels")
    with np.errstate(over="ignore"):
        scaled, inverse = (flux / unit).astype(np.float32), (ivar * unit**2).astype(np.float32)
        sound = np.isfinite(scaled) & np.isfinite(inverse) & np.isfinite(scaled * inverse)
    return Resampled(about, np.where(sound, scaled, 1), np.where(sound, inverse, 0))


def _about(spectrum: LamostSpectrum) -> About:
    return About(
        file=spectrum.path.name,
        obsid=spectrum.obsid,
        designation=spectrum.designation,
        ra=spectrum.ra,
        dec=spectrum.dec,
        rv=float(radial_velocity(spectrum.z)),
        snrg=spectrum.snr_g,
    )


def read_in_batches(
    files: Sequence[Path], size: int, workers: int
) -> Iterator[Iterator[Resampled | LeftOut]]:
    """Prepared files in their order, `size` at a time; other processes read on while one batch is used."""
    batches = [files[start : start + size] for start in range(0, len(files), size)]
    if workers < 2:
        for some in batches:
            yield map(prepare, some)
        return
    pool = ProcessPoolExecutor(workers, mp_context=get_context("spawn"), initializer=end_with_parent)
    waiting: deque[Iterator[Resampled | LeftOut]] = deque()
    try:
        for some in batches:
            with held():
                waiting.append(pool.map(prepare, some, chunksize=CHUNK))
            if len(waiting) > AHEAD:
                yield waiting.popleft()
        yield from waiting
    finally:
        pool.shutdown(cancel_futures=True)
