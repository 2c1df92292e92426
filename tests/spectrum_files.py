"""Small files of spectra for tests of where spectra come from."""

import gzip
from io import BytesIO

import numpy as np
from astropy.io import fits

from tests.lamost_mock import WAVELENGTH

NAME = {"LMJD": 55859, "PLANID": "F5902", "SPID": 1, "FIBERID": 5}


def content(*, pixels=64, seed=1, **cards):
    """A file's bytes: the layout of DR5, with cards beside or, by None, without those of NAME."""
    rng = np.random.default_rng(seed)
    wavelength = WAVELENGTH[:pixels]
    image = np.stack(
        [rng.normal(100, 9, pixels), rng.uniform(0.1, 1, pixels), wavelength, *np.zeros((2, pixels))]
    )
    header = fits.Header()
    for key, value in {"COEFF0": 3.5682, "COEFF1": 1e-4, "VACUUM": True, **NAME, **cards}.items():
        if value is not None:
            header[key] = value
    file = BytesIO()
    fits.PrimaryHDU(image.astype(">f4"), header).writeto(file)
    return file.getvalue()


def write(path, **cards):
    """Write a file, packed if its name says so."""
    path.parent.mkdir(parents=True, exist_ok=True)
    held = content(**cards)
    path.write_bytes(gzip.compress(held) if path.suffix == ".gz" else held)
    return path


def pixels_of(path):
    """Flux, ivar and cards as astropy alone reads them: of an image, or of a table."""
    with fits.open(path, memmap=False) as file:
        if file[0].data is not None:
            return file[0].data[0], file[0].data[1], dict(file[0].header)
        table = file["COADD"].data
        return table["FLUX"][0], table["IVAR"][0], dict(file[0].header)
