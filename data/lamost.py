"""LAMOST's low-resolution spectra: one file of any layout to arrays and what its header says of the star."""

import math
import re
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from io import BytesIO
from itertools import islice
from pathlib import Path
from typing import Any, Literal

import numpy as np
from astropy.io import fits
from astropy.utils.exceptions import AstropyWarning
from numpy.typing import NDArray

from data.packed_file import DAMAGE, read_bytes, unpacked, unreadable
from data.plain_fits import Contents, read_plain
from data.problem import DataError

Layout = Literal["continuum-subtracted image", "wavelength image", "table", "none"]
"""How a file holds its pixels: an image up to pipeline v2.6.4, one from v2.7.5 on, a table from DR9 on; none
where there is no file."""

_IMAGE_ROWS = 5
_TABLE, _ARMS = "COADD", ("COADD_B", "COADD_R")
_COLUMNS = ("FLUX", "IVAR", "WAVELENGTH", "ANDMASK", "ORMASK")
_LOG_LINEAR = ("COEFF0", "COEFF1")
_SAME_WAVELENGTH = 1e-6
_KEYS = (
    "OBSID", "DESIG", "DATA_V", "VERSPIPE", "LMJD", "PLANID", "SPID", "FIBERID", "RA", "DEC", "Z", "CLASS",
    "SUBCLASS", "VACUUM", *_LOG_LINEAR, *(f"{start}{band}" for band in "UGRIZ" for start in ("SNR", "SN_")),
)  # fmt: skip
"""Cards of the header that count: to parse all of a hundred takes longer than the rest of reading."""
_MOST_UNITS = 1000
_LARGEST = 1 << 27
"""Bytes a file may have, unpacked: a thousand times those of a spectrum."""
_ENDLESS = re.compile(rb"(?:NAXIS|TFIELDS) *= *[+]? *0*[1-9][0-9]{3}", re.IGNORECASE)
"""Numbers of axes or columns beyond the 999 of FITS 4.0: reading by them takes hours."""


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

    Raises
    ------
    DataError
        If the file can't be read, or as `parse_spectrum`.
    """
    return parse_spectrum(read_bytes(Path(path), _LARGEST), Path(path))


def parse_spectrum(packed: bytes, path: Path, *, largest: int = _LARGEST) -> LamostSpectrum:
    """Make a LAMOST spectrum of low resolution of what a file holds.

    The layout is told from the file's structure, not from its release: an image of five rows, the third of
    which is the wavelength, or else the continuum-subtracted flux; or a table of one row of vectors. The
    wavelengths are 10 ** (COEFF0 + COEFF1 i) of the header, from which stored ones differ by float32 rounding
    (0.1 km/s); where they differ by more, or the header has no COEFF0, the stored ones are taken.

    Parameters
    ----------
    packed : content of the file, compressed or not.
    path : how the file is called, here and in errors; it need not be there.
    largest : bytes it may have, unpacked.

    Raises
    ------
    DataError
        If it is not FITS, is larger or breaks off, has none of these layouts, is a spectrum of medium
        resolution, is in air wavelengths, has no increasing wavelengths, or no pixel with ivar > 0.
    """
    header, rows, layout = _read(path, unpacked(packed, path, largest))
    with np.errstate(over="ignore"):
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


def _read(path: Path, content: bytes) -> tuple[Mapping[str, Any], list[NDArray[Any]], Layout]:
    """Header and the five rows of an image or a table, with the layout that the rows show."""
    found = read_plain(content, _KEYS, _TABLE) or _read_any(path, content)
    if any(name.startswith(_ARMS) for name in found.names):
        raise DataError(
            f"{path} is a spectrum of medium resolution: expected low resolution (R = 1800), 3700-9100 A"
        )
    if found.cards.get("VACUUM") is False:
        raise DataError(f"{path} has wavelengths in air (VACUUM is F): expected vacuum, as LAMOST publishes")
    if found.image is not None:
        rows = _image_rows(path, found.image)
        return found.cards, rows, "wavelength image" if _increases(rows[2]) else "continuum-subtracted image"
    if found.columns is not None:
        return found.cards, _table_rows(path, found.columns), "table"
    raise DataError(f"{path} holds no spectrum: expected an image of five rows or a table named {_TABLE}")


def _read_any(path: Path, content: bytes) -> Contents:
    try:
        if _ENDLESS.search(content):
            raise OSError("its headers are damaged")
        with warnings.catch_warnings(), np.errstate(over="ignore", invalid="ignore"):
            # Advice on cards against the standard; damage shows without it.
            warnings.simplefilter("ignore", AstropyWarning)
            # Compressed images, which no spectrum is, may unpack to any size.
            with fits.open(
                BytesIO(content), mode="readonly", memmap=False, disable_image_compression=True
            ) as file:
                # One after the other: sizes below 0 make some of them return for ever.
                units = list(islice(file, _MOST_UNITS))
                if len(units) == _MOST_UNITS or not isinstance(units[0], fits.PrimaryHDU):
                    raise OSError("its headers are damaged")
                cards = units[0].header
                header = {key: cards[key] for key in _KEYS if key in cards}
                names = tuple(unit.name for unit in units)
                return Contents(names, header, units[0].data, _table_columns(path, units))
    except DataError:
        raise
    except DAMAGE as error:
        raise unreadable(path, error) from error


def _table_columns(path: Path, units: Sequence[Any]) -> dict[str, NDArray[Any]] | None:
    for unit in units:
        if unit.name == _TABLE and isinstance(unit, fits.BinTableHDU):
            if unit.header["NAXIS2"] != 1:
                raise DataError(
                    f"the table {_TABLE} of {path} has {unit.header['NAXIS2']} rows: "
                    "expected one row of vectors"
                )
            named = {name.upper(): name for name in unit.columns.names if name}
            return {name: np.asarray(unit.data[named[name]]) for name in _COLUMNS if name in named}
    return None


def read_facts(path: Path) -> Mapping[str, Any]:
    """Read what the header of a spectrum says of its star, and see that the file is whole.

    Returns
    -------
    By the names of `LamostSpectrum`: obsid, designation, release, pipeline, lmjd, planid, spid, fiberid, ra,
    dec, z, snr_u to snr_z, object_class, subclass.

    Raises
    ------
    DataError
        As `read_spectrum`, but for what is wrong with wavelengths and pixels.
    """
    return _facts(_read(path, unpacked(read_bytes(path, _LARGEST), path, _LARGEST))[0])


def _image_rows(path: Path, image: NDArray[Any]) -> list[NDArray[Any]]:
    if image.ndim != 2 or image.shape[0] != _IMAGE_ROWS or image.shape[1] < 2:
        raise DataError(
            f"{path} holds an image of shape {image.shape}: expected five rows (flux, inverse variance, "
            "wavelength or continuum-subtracted flux, two masks)"
        )
    return list(image)


def _table_rows(path: Path, table: Mapping[str, NDArray[Any]]) -> list[NDArray[Any]]:
    lacking = [name for name in _COLUMNS if name not in table]
    if lacking:
        raise DataError(
            f"the table {_TABLE} of {path} lacks {', '.join(lacking)}: expected {', '.join(_COLUMNS)}"
        )
    columns = [table[name] for name in _COLUMNS]
    shapes = {column.shape for column in columns}
    shape = shapes.pop()
    if shapes or len(shape) != 2 or shape[0] != 1 or shape[1] < 2:
        raise DataError(
            f"the table {_TABLE} of {path} has columns of shape {shape}: expected one row of vectors"
        )
    return [column[0] for column in columns]


def _increases(row: NDArray[Any]) -> bool:
    return bool(row[0] > 0 and (row[1:] > row[:-1]).all() and row[-1] < np.inf)


def _wavelength(
    path: Path, header: Mapping[str, Any], stored: NDArray[Any], layout: Layout
) -> NDArray[np.float64]:
    first, step = (_number(header, key) for key in _LOG_LINEAR)
    exact = _log_linear(first, step, stored.size)
    if layout == "continuum-subtracted image" or not _increases(stored):
        if _increases(exact):
            return exact
        raise DataError(
            f"{path} has no increasing wavelengths: expected a row of them, "
            "or COEFF0 and COEFF1 in the header"
        )
    as_stored = stored.astype(np.float64)
    same = (np.abs(exact - as_stored) <= _SAME_WAVELENGTH * as_stored).all()
    return exact if same else as_stored


@lru_cache(maxsize=8)
def _log_linear(first: float, step: float, pixels: int) -> NDArray[np.float64]:
    """Wavelengths that most spectra of a survey share: they take longer than all else of a spectrum."""
    with np.errstate(over="ignore"):
        exact: NDArray[np.float64] = 10 ** (first + step * np.arange(pixels, dtype=np.float64))
    exact.flags.writeable = False
    return exact


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
