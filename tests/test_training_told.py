"""What train tells of the stars and pixels it took, and the labels it refuses."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from explorer.cannon_file import load_model
from explorer.spectra import find_spectra
from model.wavelength import SURVEY_GRID
from tests.lamost_mock import MIDDLE, WAVELENGTH, WIDTH, runner, spectrum, write

STARS = 24
HOLE = (5000.0, 5010.0)


@pytest.fixture(scope="module")
def survey(tmp_path_factory):
    """Stars of which only the first three have pixels in the hole, and the last is fainter in the blue."""
    folder = tmp_path_factory.mktemp("survey")
    (folder / "spectra").mkdir()
    rows = []
    for star in range(STARS):
        scaled = np.random.default_rng(star).uniform(-1.4, 1.4, 3)
        flux, ivar = spectrum(scaled, 60, star)
        hole = (HOLE[0] < WAVELENGTH) & (HOLE[1] > WAVELENGTH) & (star > 2)
        fade = np.where(WAVELENGTH < 5000, 1e-4 if star == STARS - 1 else 1, 1)
        write(folder / "spectra" / f"{star:02}.fits", flux, np.where(hole, 0, ivar) * fade, OBSID=star)
        rows.append((star, *(MIDDLE + scaled * WIDTH)))
    table = pd.DataFrame(rows, columns=["obsid", "teff", "logg", "fe_h"])
    table.to_csv(folder / "labels.csv", index=False)
    return folder


@pytest.fixture
def train(monkeypatch, capsys, tmp_path, survey):
    """Trains a linear model by the command, in an empty folder, on the labels or others."""
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.chdir(tmp_path)
    run = runner(monkeypatch, capsys)

    def go(*words, labels=None):
        table = survey / "labels.csv"
        if labels is not None:
            labels.to_csv("mine.csv", index=False)
            table = "mine.csv"
        return run(
            "train", survey / "spectra", table, "--out", "a.cannon", "--terms", "linear", *words,
            "--overwrite",
        )  # fmt: skip

    return go


@pytest.fixture
def table(survey):
    return pd.read_csv(survey / "labels.csv")


def test_pixels_that_are_not_trained_are_told(train):
    done = train()
    assert (done.status, done.err) == (0, "")
    s = load_model(Path("a.cannon")).model.s
    inside = (SURVEY_GRID >= 4000) & (SURVEY_GRID <= 5800)
    unused = np.count_nonzero(~np.isfinite(s))
    assert 5 < unused < 25
    assert len(s) == np.count_nonzero(inside)
    used = f", {len(s) - unused} pixels from 4000 to 5800 A\n"
    assert f"{used}not used: {unused} of {len(s)} pixels, which no more stars" in done.out
    assert "not used" not in train("--wavelengths", "5100:5800").out


def test_signal_to_noise_is_told_to_be_of_the_pixels_used(train):
    """Another range of wavelengths takes other stars."""
    done = train("--wavelengths", "4000:4900")
    assert f"{STARS - 1} spectra, 4 terms" in done.out
    assert "1 spectrum is left out:\n  1  S/N below 10, as 23.fits (0.8 over the pixels used)\n" in done.out
    assert f"{STARS} spectra, 4 terms" in train("--wavelengths", "5100:5800").out


@pytest.mark.parametrize("slope", [1.0, -0.3])
def test_a_copy_of_a_label_is_refused(train, table, slope):
    done = train("--labels", "teff,logg,fe_h,again", labels=table.assign(again=5 + slope * table.fe_h))
    done.is_one_line("labels fe_h and again are one and the same", "leave one of them out")
    assert not Path("a.cannon").exists()


def test_alike_labels_are_not_refused(train, table):
    noise = np.random.default_rng(1).normal(size=STARS) * 0.03
    done = train("--labels", "teff,logg,fe_h,again", labels=table.assign(again=table.fe_h + noise))
    assert (done.status, done.err) == (0, "")


def test_copies_are_found_among_stars_that_have_both_labels(train, table):
    table = table.assign(again=table.fe_h)
    table.loc[12:17, "fe_h"] = np.nan
    table.loc[18:, "again"] = np.nan
    done = train("--labels", "teff,logg,fe_h,again", "--missing-labels", labels=table)
    done.is_one_line("labels fe_h and again are one and the same")


def test_odd_labels_are_told(train, table):
    assert "check" not in train().out
    table.loc[7, "fe_h"] = 99
    done = train(labels=table)
    assert (done.status, done.err) == (0, "")
    assert "\ncheck fe_h: 1 star beyond 8 robust sigmas, as 99 of 07.fits\n" in done.out
    table.loc[9, "fe_h"] = -40
    assert "\ncheck fe_h: 2 stars beyond 8 robust sigmas, as 99 of 07.fits\n" in train(labels=table).out


def test_the_survey_is_as_said(survey):
    assert len(find_spectra(survey / "spectra")) == STARS
