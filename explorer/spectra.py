"""LAMOST spectra made ready for The Cannon: at rest, on the survey's grid, over their continuum."""

import signal
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from data.lamost import LamostSpectrum, read_spectrum
from data.problem import DataError
from model.continuum import Continuum
from model.wavelength import SURVEY_GRID, radial_velocity, resample, rest_frame

BATCH = 256
"""Spectra held at once."""
FEWEST = 0.1
"""Share of a model's pixels that a spectrum must have."""

Progress = Callable[[int, int | None, str], None]
_ENDINGS = (".fits", ".fits.gz", ".fit", ".fit.gz")


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
class Batch:
    """Some spectra; flux is over its continuum, and 1 where ivar is 0.

    Attributes
    ----------
    about : of the M stars.
    flux, ivar : (M, P) float32.
    snr : (M,), median signal-to-noise ratio of their pixels.
    left_out : the others.
    """

    about: tuple[About, ...]
    flux: NDArray[np.float32]
    ivar: NDArray[np.float32]
    snr: NDArray[np.float64]
    left_out: tuple[LeftOut, ...]

    def where(self, keep: NDArray[np.bool_], reason: Callable[[int], LeftOut]) -> "Batch":
        """Those that are to be kept; the reason is asked for each of the others."""
        kept, dropped = np.flatnonzero(keep), np.flatnonzero(~keep)
        return Batch(
            tuple(self.about[star] for star in kept),
            self.flux[kept],
            self.ivar[kept],
            self.snr[kept],
            (*self.left_out, *(reason(int(star)) for star in dropped)),
        )


@dataclass(frozen=True, eq=False)
class SpectrumReader:
    """Reads spectra for a model.

    Attributes
    ----------
    wavelength : (P,) pixels of the survey's grid that the model uses.
    workers : processes that read files.
    """

    wavelength: NDArray[np.float64]
    workers: int = 1
    _continuum: Continuum = field(default_factory=lambda: Continuum(SURVEY_GRID), init=False, repr=False)

    def batches(self, files: Sequence[Path], progress: Progress) -> Iterator[Batch]:
        """Spectra, some hundred at a time, in the order of the files.

        The continuum is found on the whole grid, whatever pixels the model uses. A spectrum is left out if it
        can't be read, is no star's or has no redshift by LAMOST, or too few pixels.
        """
        progress(0, len(files), "spectra")
        with _processes(self.workers) as each:
            for start in range(0, len(files), BATCH):
                some = files[start : start + BATCH]
                read: list[_Resampled | LeftOut] = []
                for one in each(some):
                    read.append(one)
                    progress(start + len(read), len(files), "spectra")
                yield self._normalised(read)

    def _normalised(self, read: Sequence["_Resampled | LeftOut"]) -> Batch:
        stars = [one for one in read if isinstance(one, _Resampled)]
        left_out = tuple(one for one in read if isinstance(one, LeftOut))
        fluxes, ivars = (
            np.array([getattr(star, name) for star in stars], np.float32).reshape(-1, SURVEY_GRID.size)
            for name in ("flux", "ivar")
        )
        used = pixels_of(self.wavelength)
        normal, weight, _ = self._continuum.normalise(fluxes, ivars)
        flux, ivar = np.asarray(normal[:, used], np.float32), np.asarray(weight[:, used], np.float32)
        pixels = np.count_nonzero(ivar, axis=1)
        ratio = np.where(ivar > 0, flux * np.sqrt(ivar), np.nan)
        snr = np.array([np.nanmedian(row) if np.isfinite(row).any() else 0.0 for row in ratio], np.float64)
        batch = Batch(tuple(star.about for star in stars), flux, ivar, snr, left_out)
        return batch.where(
            pixels >= FEWEST * used.size,
            lambda star: LeftOut(
                stars[star].about.file, "too few usable pixels", f"{pixels[star]} of {used.size}"
            ),
        )


def chosen_pixels(low: float, high: float) -> NDArray[np.float64]:
    """Wavelengths (P,) of the survey's grid between two, A.

    Raises
    ------
    DataError
        If hardly any lie there.
    """
    chosen = SURVEY_GRID[(low <= SURVEY_GRID) & (high >= SURVEY_GRID)]
    if chosen.size < 10:
        raise DataError(
            f"--wavelengths {low:g}:{high:g} holds {chosen.size} pixels: give LOW:HIGH in A, within "
            f"{SURVEY_GRID[0]:.0f}:{SURVEY_GRID[-1]:.0f}"
        )
    return chosen


def pixels_of(wavelength: NDArray[np.float64]) -> NDArray[np.int64]:
    """Numbers (P,) of the survey's pixels that have these wavelengths.

    Raises
    ------
    DataError
        If some are of another grid.
    """
    nearest = np.searchsorted(SURVEY_GRID, wavelength * (1 - 1e-6)).clip(max=SURVEY_GRID.size - 1)
    if not np.allclose(SURVEY_GRID[nearest], wavelength, rtol=1e-9, atol=0):
        raise DataError("the model has pixels that are not of LAMOST's grid: train it again")
    return nearest.astype(np.int64)


def find_spectra(place: Path) -> list[Path]:
    """Files of spectra: all in a folder and the folders in it, those of a list, or a single one.

    Parameters
    ----------
    place : a folder; a text file with the path of a spectrum on each line, from the list's own folder; or a
        FITS file.

    Raises
    ------
    DataError
        If there is nothing, or it can't be read.
    """
    if not place.exists():
        raise DataError(f"{place} does not exist: give a folder of LAMOST spectra, or a list of their files")
    if place.is_dir():
        found = sorted(file for file in place.rglob("*") if _is_spectrum(file))
        if not found:
            raise DataError(f"{place} holds no spectra: expected files that end in {', '.join(_ENDINGS)}")
        return found
    if _is_spectrum(place):
        return [place]
    try:
        lines = place.read_text(encoding="utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise DataError(
            f"{place} is no list of spectra: expected a text file with one path on each line"
        ) from error
    named = [line.strip() for line in lines if line.strip() and not line.lstrip().startswith("#")]
    if not named:
        raise DataError(f"{place} lists no spectra: expected one path on each line")
    return [place.parent / name for name in named]


def _is_spectrum(file: Path) -> bool:
    return file.name.lower().endswith(_ENDINGS) and not file.name.startswith(".") and file.is_file()


@dataclass(frozen=True, eq=False)
class _Resampled:
    """A spectrum at rest on the survey's grid, its flux in units of its typical one."""

    about: About
    flux: NDArray[np.float32]
    ivar: NDArray[np.float32]


def _prepare(path: Path) -> _Resampled | LeftOut:
    try:
        spectrum = read_spectrum(path)
    except DataError as problem:
        return LeftOut(path.name, "cannot be read", str(problem))
    if spectrum.object_class not in ("STAR", ""):
        return LeftOut(path.name, f"LAMOST's class is {spectrum.object_class}, not STAR")
    if not spectrum.z > -1:
        return LeftOut(path.name, "no redshift")
    flux, ivar = resample(
        rest_frame(spectrum.wavelength, spectrum.z), spectrum.flux, spectrum.ivar, SURVEY_GRID
    )
    # Fluxes of any unit stay within single precision: the continuum takes the unit out anyhow.
    unit = np.median(np.abs(flux[ivar > 0])) if (ivar > 0).any() else 0.0
    if not unit > 0:
        return LeftOut(path.name, "too few usable pixels")
    with np.errstate(over="ignore"):
        scaled, weight = (flux / unit).astype(np.float32), (ivar * unit**2).astype(np.float32)
        sound = np.isfinite(scaled) & np.isfinite(weight) & np.isfinite(scaled * weight)
    return _Resampled(_about(spectrum), np.where(sound, scaled, 1), np.where(sound, weight, 0))


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


@contextmanager
def _processes(workers: int) -> Iterator[Callable[[Sequence[Path]], Iterator[Any]]]:
    """How to prepare files in order: here, or in other processes, which end with the work."""
    if workers < 2:
        yield lambda files: map(_prepare, files)
        return
    pool = ProcessPoolExecutor(workers, mp_context=get_context("spawn"))

    def each(files: Sequence[Path]) -> Iterator[Any]:
        with _interrupts_held():
            return pool.map(_prepare, files, chunksize=8)

    try:
        yield each
    finally:
        pool.shutdown(cancel_futures=True)


@contextmanager
def _interrupts_held() -> Iterator[None]:
    """Processes started within are deaf to Ctrl-C, which reaches all of a terminal: the first ends them."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
