"""LAMOST's low-resolution spectra: one file of any layout to arrays and what its header says of the star."""

import math
import warnings
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from astropy.io import fits
from astropy.utils.exceptions import AstropyWarning
from numpy.typing import NDArray

from data.problem import DataError

Layout = Literal["continuum-subtracted image", "wavelength image", "table"]
"""How a file holds its pixels: an image up to pipeline v2.6.4, one from v2.7.5 on, a table from DR9 on."""

_IMAGE_ROWS = 5
_COLUMNS = ("FLUX", "IVAR", "WAVELENGTH", "ANDMASK", "ORMASK")
_LOG_LINEAR = ("COEFF0", "COEFF1")
_SAME_WAVELENGTH = 1e-6
_DAMAGE = (OSError, EOFError, zlib.error, ValueError, TypeError, IndexError, KeyError, fits.VerifyError)
"""What reading a file that is no FITS file, or only part of one, may raise."""


@dataclass(frozen=True, eq=False)
class LamostSpectrum:
    """A LAMOST spectrum of low resolution (R = 1800); its arrays, of P pixels each, are read-only.

    What a header lacks, or marks by -9999, is NaN, -1 for whole numbers and "" for texts.

    Attributes
    ----------
    path : the file.
    layout : how the file holds its pixels.
    wavelength : (P,) float64, A, in vacuum, strictly increasing. Heliocentric, not shifted to rest.
    flux : (P,) float32, as in the file. Its unit is relative; pixels with ivar 0 may hold anything.
    ivar : (P,) float32, inverse variance of flux; 0 where the file gives none above 0, or where flux is not
        finite or exactly 0: from v2.7.5 on files are padded so beyond 9000 A, with ivar above 0.
    andmask, ormask : (P,) int32, not 0 where a pixel was bad in all, or in any, of the exposures. LAMOST
        gives pixels of andmask ivar 0; those of ormask alone keep theirs.
    obsid : identifier of the spectrum; headers of pipeline v2.6.4 have none.
    designation : LAMOST's name of the star.
    release : such as "LAMOST DR5"; headers of pipeline v2.6.4 say none.
    pipeline : version of the pipeline.
    lmjd, planid, spid, fiberid : local modified Julian day, plan, spectrograph, fibre: the name of the file.
    ra, dec : degrees.
    z : redshift by LAMOST.
    snr_u, snr_g, snr_r, snr_i, snr_z : signal-to-noise ratio per pixel in each band; pipeline v2.6.4 caps
        them at 99.
    object_class, subclass : by LAMOST: STAR, GALAXY, QSO or Unknown; spectral type.
    """

    path: Path
    layout: Layout
    wavelength: NDArray[np.float64]
    flux: NDArray[np.float32]
    ivar: NDArray[np.float32]
    andmask: NDArray[np.int32]
    ormask: NDArray[np.int32]
    obsid: int
    designation: str
    release: str
    pipeline: str
    lmjd: int
    planid: str
    spid: int
    fiberid: int
    ra: float
    dec: float
    z: float
    snr_u: float
    snr_g: float
    snr_r: float
    snr_i: float
    snr_z: float
    object_class: str
    subclass: str


def read_spectrum(path: Path | str) -> LamostSpectrum:
    """Read a LAMOST spectrum of low resolution, plain (.fits) or compressed (.fits.gz).

    The layout is told from the file's structure, not from its release: an image of five rows, the third of
    which is the wavelength, or else the continuum-subtracted flux; or a table of one row of vectors. The
    wavelengths are 10 ** (COEFF0 + COEFF1 i) of the header, from which stored ones differ by float32 rounding
    (0.1 km/s); where they differ by more, or the header has no COEFF0, the stored ones are taken.

    Raises
    ------
    DataError
        If the file can't be read as FITS or breaks off, has none of these layouts, is a spectrum of medium
        resolution, is in air wavelengths, has no increasing wavelengths, or no pixel with ivar > 0.
    """
    path = Path(path)
    header, rows, layout = _read(path)
    flux, ivar = (np.asarray(row, dtype=np.float32) for row in rows[:2])
    measured = (ivar > 0) & (ivar < np.inf) & np.isfinite(flux) & (flux != 0)
    ivar = np.where(measured, ivar, np.float32(0))
    if not ivar.any():
        raise DataError(f"{path} has no pixel with an inverse variance above 0: leave it out")
    andmask, ormask = (_flags(path, row) for row in rows[3:])
    arrays = (_wavelength(path, header, rows[2], layout), flux, ivar, andmask, ormask)
    for array in arrays:
        array.flags.writeable = False
    return LamostSpectrum(path, layout, *arrays, **_facts(header))


def _read(path: Path) -> tuple[Mapping[str, Any], list[NDArray[Any]], Layout]:
    """Header and the five rows of an image or a table, with the layout that the rows show."""
    try:
        with warnings.catch_warnings():
            # Advice on cards against the standard; damage shows without it.
            warnings.simplefilter("ignore", AstropyWarning)
            with fits.open(path, mode="readonly", memmap=False, lazy_load_hdus=False) as file:
                names = [hdu.name for hdu in file]
                image = file[0].data
                table = next((hdu.data for hdu in file if hdu.name == "COADD"), None)
                header = {key: value for key, value in file[0].header.items() if key}
    except _DAMAGE as error:
        problem = str(error) or type(error).__name__
        raise DataError(
            f"{path} can't be read ({problem}): expected a FITS file of a LAMOST spectrum; "
            "copy or download it again"
        ) from error
    if any(name.startswith(("COADD_B", "COADD_R")) for name in names):
        raise DataError(
            f"{path} is a spectrum of medium resolution: expected low resolution (R = 1800), 3700-9100 A"
        )
    if header.get("VACUUM") is False:
        raise DataError(f"{path} has wavelengths in air (VACUUM is F): expected vacuum, as LAMOST publishes")
    if image is not None:
        rows = _image_rows(path, image)
        return header, rows, "wavelength image" if _increases(rows[2]) else "continuum-subtracted image"
    if table is not None:
        return header, _table_rows(path, table), "table"
    raise DataError(f"{path} holds no spectrum: expected an image of five rows or a table named COADD")


def _image_rows(path: Path, image: NDArray[Any]) -> list[NDArray[Any]]:
    if image.ndim != 2 or image.shape[0] != _IMAGE_ROWS or image.shape[1] < 2:
        raise DataError(
            f"{path} holds an image of shape {image.shape}: expected five rows (flux, inverse variance, "
            "wavelength or continuum-subtracted flux, two masks)"
        )
    return list(image)


def _table_rows(path: Path, table: Any) -> list[NDArray[Any]]:
    present = {name.upper() for name in table.names or ()}
    lacking = [name for name in _COLUMNS if name not in present]
    if lacking:
        raise DataError(
            f"the table COADD of {path} lacks {', '.join(lacking)}: expected {', '.join(_COLUMNS)}"
        )
    columns = [np.asarray(table[name]) for name in _COLUMNS]
    shapes = {column.shape for column in columns}
    shape = shapes.pop()
    if shapes or len(shape) != 2 or shape[0] != 1 or shape[1] < 2:
        raise DataError(
            f"the table COADD of {path} has columns of shape {shape}: expected one row of vectors"
        )
    return [column[0] for column in columns]


def _increases(row: NDArray[Any]) -> bool:
    return bool(row[0] > 0 and (np.diff(row) > 0).all() and row[-1] < np.inf)


def _wavelength(
    path: Path, header: Mapping[str, Any], stored: NDArray[Any], layout: Layout
) -> NDArray[np.float64]:
    first, step = (_number(header, key) for key in _LOG_LINEAR)
    exact = 10 ** (first + step * np.arange(stored.size, dtype=np.float64))
    if layout == "continuum-subtracted image" or not _increases(stored):
        if _increases(exact):
            return exact
        raise DataError(
            f"{path} has no increasing wavelengths: expected a row of them, "
            "or COEFF0 and COEFF1 in the header"
        )
    as_stored = stored.astype(np.float64)
    return exact if np.allclose(exact, as_stored, rtol=_SAME_WAVELENGTH, atol=0) else as_stored


def _flags(path: Path, row: NDArray[Any]) -> NDArray[np.int32]:
    if not (np.isfinite(row).all() and (np.abs(row) < 2**31).all()):
        raise DataError(f"{path} has a mask that is not of whole numbers: copy or download it again")
    return row.astype(np.int32)


def _facts(header: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "obsid": _whole(header, "OBSID"),
        "designation": _text(header, "DESIG").removeprefix("LAMOST "),
        "release": _text(header, "DATA_V"),
        "pipeline": _text(header, "VERSPIPE"),
        "lmjd": _whole(header, "LMJD"),
        "planid": _text(header, "PLANID"),
        "spid": _whole(header, "SPID"),
        "fiberid": _whole(header, "FIBERID"),
        "ra": _number(header, "RA"),
        "dec": _number(header, "DEC"),
        "z": _number(header, "Z"),
        **{f"snr_{band}": _number(header, f"SNR{band}", f"SN_{band}") for band in "ugriz"},
        "object_class": _text(header, "CLASS"),
        "subclass": _text(header, "SUBCLASS"),
    }


def _number(header: Mapping[str, Any], *keys: str) -> float:
    """The first number among the keys; NaN where there is none, or the -9999 that stands for none."""
    for key in keys:
        try:
            value = float(header.get(key.upper(), math.nan))
        except (TypeError, ValueError):
            continue
        if math.isfinite(value) and value > -999:
            return value
    return math.nan


def _whole(header: Mapping[str, Any], key: str) -> int:
    value = _number(header, key)
    return int(value) if value >= 0 else -1


def _text(header: Mapping[str, Any], key: str) -> str:
    value = header.get(key)
    return value.strip() if isinstance(value, str) else ""
