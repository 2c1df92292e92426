"""Rows of the table of observations against each model asked by itself."""

import numpy as np
import pytest

from explorer.cannon_file import CannonFile, Trained, Validated
from explorer.observations import Labeller
from explorer.recipe import Recipe
from explorer.spectra import chosen_pixels, pixels_of
from model.cannon import Cannon
from model.lines import LAMOST_WINDOWS
from model.validation import cross_validate
from model.wavelength import SURVEY_GRID
from model.windows import WindowPixels

STARS = 60


def trained(names, low, high, seed, *, validate):
    """A model of lines that follow labels, on some of the survey's pixels."""
    rng = np.random.default_rng(seed)
    wavelength = chosen_pixels(low, high)
    labels = rng.normal(size=(STARS, len(names)))
    slopes = 0.03 * rng.normal(size=(len(names), wavelength.size))
    ivar = np.full((STARS, wavelength.size), 1e4)
    flux = 1 + labels @ slopes + 0.01 * rng.normal(size=ivar.shape)
    words = {"label_names": names, "wavelength": wavelength}
    model = Cannon.train(labels, flux, ivar, **words)
    found = cross_validate(labels, flux, ivar, **words, folds=6) if validate else None
    kept = Trained(
        np.array([b"x"] * STARS), np.arange(STARS), labels, np.full(labels.shape, np.nan), np.ones(STARS)
    )
    recipe = Recipe(names, None, 0.0, (0.0, 1e6), (low, high))
    return CannonFile(model, recipe, kept, None if found is None else Validated.of(found), {})


@pytest.fixture(scope="module")
def models():
    dwarf = trained(("teff", "logg", "fe_h"), 4000, 5200, 1, validate=True)
    giant = trained(("teff", "fe_h", "mg_fe"), 4900, 5400, 2, validate=False)
    return dwarf, giant


@pytest.fixture(scope="module")
def spectra():
    rng = np.random.default_rng(3)
    flux = 1 + 0.03 * rng.normal(size=(7, SURVEY_GRID.size))
    ivar = np.where(rng.random(flux.shape) < 0.05, 0, 1e3)
    return flux.astype(np.float32), ivar.astype(np.float32)


WHICH = np.array([0, 1, 1, 0, 0, 1, 0])


def test_each_star_has_what_its_own_model_says(models, spectra):
    flux, ivar = spectra
    columns = Labeller(models).label(WHICH, flux, ivar)
    for number, content in enumerate(models):
        mine = np.flatnonzero(number == WHICH)
        pixels = np.ix_(mine, pixels_of(content.model.wavelength))
        alone = content.model.infer(flux[pixels], ivar[pixels])
        formal = np.sqrt(alone.covariance.diagonal(axis1=1, axis2=2))
        for place, name in enumerate(content.model.label_names):
            np.testing.assert_array_equal(columns[name][mine], alone.labels[:, place])
            np.testing.assert_array_equal(columns[f"e_{name}_formal"][mine], formal[:, place])
        np.testing.assert_array_equal(columns["chi2"][mine], alone.chi2)
        windows = WindowPixels.of(content.model.wavelength, LAMOST_WINDOWS)
        near = windows.fit(flux[pixels], ivar[pixels], content.model.predict(alone.labels), content.model.s)
        np.testing.assert_array_equal(columns["chi2_fe_h"][mine], near.chi2[:, windows.names.index("fe_h")])


def test_what_a_model_lacks_is_missing(models, spectra):
    columns = Labeller(models).label(WHICH, *spectra)
    dwarfs, giants = WHICH == 0, WHICH == 1
    assert np.isnan(columns["mg_fe"][dwarfs]).all()
    assert np.isnan(columns["chi2_mg_fe"][dwarfs]).all()
    assert np.isnan(columns["logg"][giants]).all()
    assert (columns["mg_fe_extrap"] == -1).all()
    assert np.isnan(columns["e_teff"][giants]).all()
    assert (columns["kiel_extrap"][giants] == -1).all()
    assert np.isfinite(columns["e_teff"][dwarfs]).all()


def test_the_kiel_flag_is_set_if_either_axis_is(models, spectra):
    dwarf = models[0]
    columns = Labeller((dwarf,)).label(np.zeros(7, np.int64), *spectra)
    limits = dwarf.validated.limits
    either = limits[0].flags(columns["teff"]) | limits[1].flags(columns["logg"])
    np.testing.assert_array_equal(columns["kiel_extrap"], either.astype(np.int8))


def test_error_models_are_those_of_the_models(models):
    labeller = Labeller(models)
    factor, floor = labeller.error_model("teff")
    assert (factor[0], floor[0]) == (models[0].validated.a[0], models[0].validated.b[0])
    assert np.isnan([factor[1], floor[1]]).all()
    assert np.isnan(labeller.error_model("mg_fe")).all()


def test_no_star_gives_no_row(models, spectra):
    columns = Labeller(models).label(np.zeros(0, np.int64), spectra[0][:0], spectra[1][:0])
    assert {len(values) for values in columns.values()} == {0}
