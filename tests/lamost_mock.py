"""A small survey of mock LAMOST files with labels, and commands run on it in this process."""

import sys
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from astropy.io import fits
from astropy.table import Table

from explorer.__main__ import main

NAMES = ("teff", "logg", "fe_h")
MIDDLE, WIDTH = np.array([5500, 3.5, -0.3]), np.array([500, 0.7, 0.3])
STARS = 40
ODD = {"galaxy": 1, "no redshift": 1, "cut short": 1, "faint": 1, "hot": 1, "without label": 1, "unlisted": 1}
WAVELENGTH = 10 ** (3.5682 + 1e-4 * np.arange(3909))
CENTRES = np.linspace(3950, 8800, 240)


@dataclass(frozen=True)
class Outcome:
    status: int
    out: str
    err: str

    def is_one_line(self, *says):
        assert (self.status, self.out) == (2, ""), self
        assert len(self.err.splitlines()) == 1, self.err
        for words in ("explorer: ", *says):
            assert words in self.err


def spectrum(scaled, snr, seed):
    """Lines that follow the labels, a continuum that does not, noise: flux and ivar as LAMOST has them."""
    rng = np.random.default_rng(7)
    response = rng.normal(size=(CENTRES.size, 3)) * 0.25
    depth = 0.4 * rng.random(CENTRES.size) * np.exp(response @ scaled)
    lines = 1 - np.exp(-0.5 * ((WAVELENGTH[:, None] - CENTRES) / 3) ** 2) @ np.minimum(depth, 0.9)
    noise = np.random.default_rng(seed)
    flux = 1000 * (WAVELENGTH / 5000) ** -1.5 * lines
    error = flux.mean() / snr
    ivar = np.where(noise.random(flux.size) < 0.02, 0, error**-2)
    return np.where(ivar > 0, flux + error * noise.normal(size=flux.size), 0), ivar


def write(path, flux, ivar, **changes):
    """A file of the layout of DR5, with redshift 0: the lines are at rest."""
    header = {
        "OBSID": 1, "DESIG": "LAMOST J1", "COEFF0": 3.5682, "COEFF1": 1e-4, "VACUUM": True,
        "CLASS": "STAR", "Z": 0.0, "RA": 10.0, "DEC": 20.0, "SNRG": 30.0, **changes,
    }  # fmt: skip
    zeros = np.zeros(flux.size)
    image = np.stack([flux, ivar, WAVELENGTH, zeros, zeros]).astype(">f4")
    fits.PrimaryHDU(image, fits.Header(header)).writeto(path)


def write_survey(folder):
    """Spectra with labels, among which each kind of spectrum that can't be used."""
    (folder / "spectra" / "more").mkdir(parents=True)
    rows = []
    kinds = ["good"] * STARS + list(ODD)
    for star, kind in enumerate(kinds):
        scaled = np.random.default_rng(star).uniform(-1.4, 1.4, 3)
        flux, ivar = spectrum(scaled, 3 if kind == "faint" else 60, star)
        path = folder / "spectra" / ("more" if star % 2 else "") / f"spec-{star:03}.fits"
        odd = {"galaxy": {"CLASS": "GALAXY"}, "no redshift": {"Z": -9999.0}}.get(kind, {})
        write(path, flux, ivar, OBSID=1000 + star, DESIG=f"LAMOST J{star // 2:03}", **odd)
        labels = MIDDLE + scaled * WIDTH
        if kind == "cut short":
            path.write_bytes(path.read_bytes()[:9000])
        if kind == "hot":
            labels[0] = 9000
        if kind == "without label":
            labels[1] = -9999
        if kind != "unlisted":
            rows.append((1000 + star, path.name, *labels))
    pd.DataFrame(rows, columns=["obsid", "key", "teff", "logg", "feh"]).to_csv(
        folder / "labels.csv", index=False
    )


def runner(monkeypatch, capsys):
    """Runs a command in this process, from its words to its exit status."""

    def go(*words):
        monkeypatch.setattr(sys, "argv", ["explorer", *map(str, words)])
        with pytest.raises(SystemExit) as end:
            main()
        return Outcome(end.value.code or 0, *capsys.readouterr())

    return go


def truth(survey):
    return pd.read_csv(survey / "labels.csv").set_index("obsid").rename(columns={"feh": "fe_h"})


def results(path):
    if path.suffix == ".csv":
        return pd.read_csv(path, comment="#")
    if path.suffix == ".parquet":
        return pq.read_table(path).to_pandas()
    return Table.read(path).to_pandas()


def silent(*_done):
    pass
