"""Mock spectra beside real ones of LAMOST's, of the labels that LAMOST's pipeline gave them."""

import csv

import numpy as np
import pytest

from data.lamost import read_spectrum
from model.continuum import Continuum
from model.synthesis import LAMOST_GRID, Synthesis
from model.tracks import microturbulence
from model.wavelength import SURVEY_GRID, resample, rest_frame

BRIGHT = 45.0
BLUE = (SURVEY_GRID > 4000) & (SURVEY_GRID < 5500)


@pytest.fixture(scope="module")
def pairs(real_data):
    """Real and mock flux over the continuum, NaN where the real one is missing; labels of the stars."""
    place = real_data / "lamost-spectra"
    with (place / "labelled_spectra.csv").open(newline="") as file:
        rows = [{**row, "path": next(place.glob(f"*/{row['key']}*"), None)} for row in csv.DictReader(file)]
    kept = [
        row
        for row in rows
        if row["path"] is not None
        and float(row["header_SN_G"]) > BRIGHT
        and 4500 < float(row["teff"]) < 6800
        and float(row["feh"]) > -1.5
    ]
    labels = {
        name: np.array([float(row[key]) for row in kept])
        for name, key in (("teff", "teff"), ("logg", "logg"), ("fe_h", "feh"))
    }
    labels["vmic"] = microturbulence(labels["teff"], labels["logg"])
    labels["alpha_fe"] = np.clip(-0.25 * labels["fe_h"], 0, 0.3)
    mock = np.array([np.interp(SURVEY_GRID, LAMOST_GRID, row) for row in Synthesis().normalised(labels)])
    flux, ivar = np.empty((2, *mock.shape))
    for star, row in enumerate(kept):
        real = read_spectrum(row["path"])
        wave = rest_frame(real.wavelength, real.z)
        flux[star], ivar[star] = resample(wave, real.flux, real.ivar, SURVEY_GRID)
    smooth = Continuum(SURVEY_GRID)
    good = ivar > 0
    real_normal, _, _ = smooth.normalise(flux, ivar)
    mock_normal, _, _ = smooth.normalise(mock, np.where(good, 1.0, 0.0))
    return np.where(good, real_normal, np.nan), np.where(good, mock_normal, np.nan), labels


def test_mock_spectra_go_with_real_ones(pairs):
    """In spite of noise of 2 % and of errors of the labels."""
    real, mock, _ = pairs
    assert len(real) >= 15
    alike = []
    for one, other in zip(real[:, BLUE], mock[:, BLUE], strict=True):
        both = np.isfinite(one)
        alike.append(np.corrcoef(one[both], other[both])[0, 1])
    assert np.median(alike) > 0.8
    assert np.quantile(alike, 0.2) > 0.7


def test_mock_lines_are_as_strong_as_real_ones(pairs):
    """The slope of mock flux on real flux would be the ratio of depths, were there no noise."""
    real, mock, _ = pairs
    deep = np.nanstd(mock[:, BLUE], axis=1) / np.nanstd(real[:, BLUE], axis=1)
    assert np.median(deep) == pytest.approx(1, abs=0.15)


@pytest.mark.parametrize(
    ("wave", "reach"),
    [
        (6564.6, 8),
        (5174.1, 3),
        (5185.0, 3),
        (8544.4, 8),
        (8664.5, 6),
        (3934.8, 10),
        (4306.0, 14),
        (5270.5, 5),
    ],
)
def test_famous_lines_are_as_strong_as_real_ones(pairs, wave, reach):
    """H alpha, Mg b, Ca II, the G band and iron: in the median, to 25 % of the real ones.

    Not Na D, to which interstellar gas adds.
    """
    real, mock, _ = pairs
    inside = np.abs(SURVEY_GRID - wave) < reach
    widths = [np.nanmedian(1 - flux[:, inside].mean(axis=1)) for flux in (real, mock)]
    assert widths[1] / widths[0] == pytest.approx(1, abs=0.25)


def test_hydrogen_grows_with_heat_as_in_real_stars(pairs):
    """The slope of H alpha's depth on T_eff, to 40 %."""
    real, mock, labels = pairs
    inside = np.abs(SURVEY_GRID - 6564.6) < 8
    widths = [1 - flux[:, inside].mean(axis=1) for flux in (real, mock)]
    seen = np.isfinite(widths[0])
    slopes = [np.polyfit(labels["teff"][seen], own[seen], 1)[0] for own in widths]
    assert np.count_nonzero(seen) > 12
    assert slopes[0] > 0
    assert slopes[1] / slopes[0] == pytest.approx(1, abs=0.4)
