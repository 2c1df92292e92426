"""LAMOST spectra made ready for The Cannon: at rest, on the survey's grid, over their continuum."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from data.problem import DataError
from explorer.reading import About, LeftOut, Resampled, read_in_batches
from model.continuum import Continuum
from model.wavelength import SURVEY_GRID

BATCH = 256
"""Spectra held at once."""
FEWEST = 0.1
"""Share of a model's pixels that a spectrum must have."""

Progress = Callable[[int, int | None, str], None]
_ENDINGS = (".fits", ".fits.gz", ".fit", ".fit.gz")


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

    def without(self, reasons: Sequence[str]) -> "Batch":
        """Those against which there is no reason, ""."""
        keep = np.array([not reason for reason in reasons], np.bool_)
        return self.where(keep, lambda star: LeftOut(self.about[star].file, reasons[star]))

    def bright(self, least: float) -> "Batch":
        """Those of at least this signal-to-noise ratio."""
        return self.where(
            self.snr >= least,
            lambda star: LeftOut(
                self.about[star].file, f"S/N below {least:g}", f"{self.snr[star]:.1f} over the pixels used"
            ),
        )


@dataclass(frozen=True, eq=False)
class SpectrumReader:
    """Reads spectra for a model.

    Attributes
    ----------
    wavelength : (P,) pixels of the survey's grid that the model uses.
    workers : processes that read files.
    counted : (P,), True for the pixels that count for the signal-to-noise ratio, and of which a spectrum
        must have some; None for all.
    """

    wavelength: NDArray[np.float64]
    workers: int = 1
    counted: NDArray[np.bool_] | None = None
    _continuum: Continuum = field(default_factory=lambda: Continuum(SURVEY_GRID), init=False, repr=False)

    def batches(self, files: Sequence[Path], progress: Progress) -> Iterator[Batch]:
        """Spectra, some hundred at a time, in the order of the files.

        The continuum is found on the whole grid, whatever pixels the model uses. A spectrum is left out if it
        can't be read, is no star's or has no redshift by LAMOST, or too few pixels.
        """
        progress(0, len(files), "spectra")
        done = 0
        for some in read_in_batches(files, BATCH, self.workers):
            read: list[Resampled | LeftOut] = []
            for one in some:
                read.append(one)
                progress(done + len(read), len(files), "spectra")
            done += len(read)
            yield self._normalised(read)

    def _normalised(self, read: Sequence["Resampled | LeftOut"]) -> Batch:
        stars = [one for one in read if isinstance(one, Resampled)]
        left_out = tuple(one for one in read if isinstance(one, LeftOut))
        fluxes, ivars = (
            np.array([getattr(star, name) for star in stars], np.float32).reshape(-1, SURVEY_GRID.size)
            for name in ("flux", "ivar")
        )
        used = pixels_of(self.wavelength)
        normal, weight, _ = self._continuum.normalise(fluxes, ivars)
        flux, ivar = np.asarray(normal[:, used], np.float32), np.asarray(weight[:, used], np.float32)
        counted = np.flatnonzero(np.ones(used.size) if self.counted is None else self.counted)
        pixels = np.count_nonzero(ivar[:, counted], axis=1)
        ratio = np.where(ivar > 0, flux * np.sqrt(ivar), np.nan)[:, counted]
        snr = np.array([np.nanmedian(row) if np.isfinite(row).any() else 0.0 for row in ratio], np.float64)
        batch = Batch(tuple(star.about for star in stars), flux, ivar, snr, left_out)
        return batch.where(
            pixels >= FEWEST * counted.size,
            lambda star: LeftOut(
                stars[star].about.file, "too few usable pixels", f"{pixels[star]} of {counted.size}"
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
    files = [place.parent / name for name in named]
    if not any(file.exists() for file in files):
        raise DataError(
            f"{place} names no file that exists, beginning with '{named[0][:60]}': expected a folder of "
            "spectra, or a text file with the path of one on each line; a table of labels comes after it"
        )
    return files


def holds_spectra(place: Path) -> bool:
    """Whether a place is a folder of spectra, as `find_spectra` would take it."""
    return place.is_dir() and any(_is_spectrum(file) for file in place.rglob("*"))


def _is_spectrum(file: Path) -> bool:
    """Whether a file is one by its name; also a link that leads nowhere, so that it is not passed over."""
    named = file.name.lower().endswith(_ENDINGS) and not file.name.startswith(".")
    return named and (file.is_file() or (file.is_symlink() and not file.exists()))
